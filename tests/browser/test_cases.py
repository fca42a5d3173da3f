"""The pages about cases in a real browser: the drawing, the cards on a phone, the print."""

import pytest

from tests import course as told
from tests.course import SHIELDED, Course
from web.app import create_app
from web.security import limiter

WIDTHS = (390, 1280)


@pytest.fixture
def course(database):
    return Course(database, told.APPROVED)


@pytest.fixture
def address(course, serve) -> str:
    app = create_app(course.product, SECRET_KEY="test")
    limiter.reset()
    return serve(app)


@pytest.fixture
def open_case(course, log_in):
    """`open_case(width)` gives rektor's page of the newest case, once it is drawn."""

    def open_case(width: int, javascript: bool = True):
        page = log_in("rektor", width, javascript)
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(f"/saker/{course.number}")
        if javascript:
            for frame in page.locator(".tr-diagram").all():
                frame.and_(page.locator("[data-drawn=true]")).wait_for()
        return page

    return open_case


def is_inside(inner: dict, outer: dict) -> bool:
    return (
        outer["x"] <= inner["x"]
        and outer["y"] <= inner["y"]
        and inner["x"] + inner["width"] <= outer["x"] + outer["width"]
        and inner["y"] + inner["height"] <= outer["y"] + outer["height"]
    )


def box(frame, element: str) -> dict:
    return frame.locator(f'[data-element-id="{element}"] > .djs-visual').first.bounding_box()


@pytest.mark.parametrize("width", WIDTHS)
def test_both_diagrams_are_drawn_without_complaint_on_the_current_step(open_case, width):
    page = open_case(width)
    assert page.complaints == []
    assert page.locator(".tr-diagram").count() == 2
    for frame, current in zip(
        page.locator(".tr-diagram").all(),
        ("aktivitetsplan_oppfolging", "evalueringsmote"),
        strict=True,
    ):
        frame.scroll_into_view_if_needed()
        assert is_inside(box(frame, current), frame.locator(".tr-diagram-scroll").bounding_box())
        assert frame.locator(".bjs-powered-by").is_visible()


def test_on_a_phone_the_drawing_has_letters_of_14_px(open_case):
    page = open_case(390)
    label = page.locator('[data-element-id="godkjenn_plan"] .djs-label').first
    assert label.evaluate("e => e.getBoundingClientRect().height / e.childElementCount") >= 14


def test_on_a_wide_screen_the_whole_is_seen_and_tagged(open_case):
    page = open_case(1280)
    frame = page.locator(".tr-diagram").first
    scroll = frame.locator(".tr-diagram-scroll")
    assert scroll.evaluate("e => e.scrollWidth <= e.clientWidth")
    tag = frame.locator(".tr-diagram-tag")
    assert tag.inner_text() == "Følg opp tiltakene"
    assert tag.is_visible()


def test_the_keyboard_zooms_and_moves_the_drawing(open_case):
    page = open_case(1280)
    frame = page.locator(".tr-diagram").first
    before = box(frame, "analyse")["width"]
    larger = frame.get_by_role("button", name="Større")
    larger.focus()
    for _ in range(6):
        page.keyboard.press("Enter")
    assert box(frame, "analyse")["width"] > 3 * before
    assert not frame.locator(".tr-diagram-tag").is_visible()
    scroll = frame.get_by_role("region")
    scroll.focus()
    left = scroll.evaluate("e => e.scrollLeft")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("left => document.activeElement.scrollLeft > left", arg=left)


def test_states_differ_by_more_than_colour(open_case):
    page = open_case(1280)
    frame = page.locator(".tr-diagram").first

    def drawn(element: str) -> tuple[str, str]:
        shape = frame.locator(f'[data-element-id="{element}"] > .djs-visual > :first-child').first
        return tuple(
            shape.evaluate(
                "e => [getComputedStyle(e).strokeDasharray, getComputedStyle(e).strokeWidth]"
            )
        )

    done, now, todo = drawn("analyse"), drawn("aktivitetsplan_oppfolging"), drawn("avslutt_sak")
    assert len({done, now, todo}) == 3
    assert todo[0] != "none" and now[1] > done[1]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_has_faults_of_access(course, open_case, check_access, width):
    page = open_case(width)
    for summary in page.locator("main summary").all():
        summary.click()
    check_access(page)
    for path in ("/saker", "/saker?klasse=7A", f"/saker/{course.number}/plan"):
        page.goto(path)
        check_access(page)
    page.goto(f"/saker/{course.number}")
    page.get_by_role("link", name="Les svarene").first.click()
    check_access(page)
    course.tell(SHIELDED)
    page.goto(f"/saker/{course.number}")
    check_access(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_buttons_and_links_of_a_case_can_be_hit(open_case, width):
    page = open_case(width)
    small = page.evaluate(
        """[...document.querySelectorAll('main button, main summary, main select, main textarea')]
        .filter((e) => e.offsetHeight && e.offsetHeight < 44).map((e) => e.outerHTML)"""
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_the_list_says_the_same(open_case):
    page = open_case(390, javascript=False)
    page.get_by_role("link", name="Se det samme som liste").first.click()
    page.locator("summary", has_text="Aktivitetsplikten (§ 12-4) som liste").click()
    item = page.locator("#liste-1 li", has_text="Godkjenn planen")
    assert "Ferdig" in item.inner_text() and "Randi" in item.inner_text()


def test_the_overview_becomes_cards_on_a_phone(log_in):
    page = log_in("rektor", 390)
    page.goto("/saker")
    row = page.get_by_role("row").nth(1)
    assert row.get_by_role("cell").count() == 4
    cells = [cell.bounding_box() for cell in row.get_by_role("cell").all()]
    assert len({round(cell["x"]) for cell in cells}) == 1  # under each other
    label = "getComputedStyle(document.querySelector('td'), '::before').content"
    assert "Nå" in page.evaluate(label)


def test_the_overview_is_narrowed_by_its_form(log_in):
    page = log_in("rektor", 1280)
    page.goto("/saker")
    page.get_by_label("Steg").select_option(label="Gjennomfør tiltaket")
    page.get_by_role("button", name="Vis").click()
    assert "steg=gjennomfor_tiltak" in page.url
    assert page.get_by_text("1 sak passer.").is_visible()


def test_the_plan_is_printed_without_what_is_clicked_on(course, log_in):
    page = log_in("rektor", 1280)
    page.goto(f"/saker/{course.number}/plan")
    assert page.get_by_role("button", name="Skriv ut").is_visible()
    page.emulate_media(media="print")
    for hidden in ("header nav", "footer", ".ds-breadcrumbs", "[data-print]"):
        assert not page.locator(hidden).first.is_visible()
    for shown in ("Aktivitetsplan for Noor, 4B", "Tyttebærlia skole", "Lovkrav 5", "Godkjent av"):
        assert page.get_by_text(shown).first.is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_note_with_nothing_in_it_takes_one_back_to_the_field(open_case):
    page = open_case(390)
    page.get_by_role("button", name="Lagre notatet").click()
    field = page.get_by_label("Skriv et notat")
    assert field.get_attribute("aria-invalid") == "true"
    assert field.evaluate("e => e === document.activeElement")
