"""A school with its year planned from 1 September 2026, when nothing has been opened yet."""

from __future__ import annotations

import pytest

from engine.year.plan import plan_year


@pytest.fixture
def planned(product, clock, school):
    """Tyttebærlia skole on 1 September at 8, with the year planned."""
    clock.set("2026-09-01T08:00")
    plan_year(product, school.id)
    return school
