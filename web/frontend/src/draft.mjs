// Saves what a person has typed as a draft, some seconds after the typing stops.
//
// The page has <form data-draft-url="…"> with its CSRF field, and in the form an element with
// `data-draft-status`, whose `data-saved` text has {time} in it and whose `data-failed` text
// tells that nothing is lost. The form's fields are posted as the form itself would post them,
// without files. The answer is JSON {"saved_at": "10.42"}, the time as the page's language says it.
const PAUSE = 3000;
const RETRY = 15000;

const contentOf = (form) => {
  const content = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string') content.append(name, value);
  }
  return content;
};

function keepDraft(form) {
  const status = form.querySelector('[data-draft-status]');
  let saved = contentOf(form).toString();
  let timer = null;
  let sending = false;

  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  };

  const tell = (text) => {
    if (status && status.textContent !== text) status.textContent = text;
  };

  async function save({ leaving = false } = {}) {
    clearTimeout(timer);
    const content = contentOf(form);
    const text = content.toString();
    if (text === saved) return;
    if (sending && !leaving) {
      later(PAUSE);
      return;
    }
    sending = true;
    try {
      const response = await fetch(form.dataset.draftUrl, {
        method: 'POST',
        body: content,
        keepalive: leaving,
        headers: { Accept: 'application/json', 'X-CSRFToken': content.get('csrf_token') ?? '' },
      });
      if (!response.ok) throw new Error(`the draft was answered with ${response.status}`);
      const answer = await response.json();
      saved = text;
      tell(status?.dataset.saved.replace('{time}', answer.saved_at));
    } catch (error) {
      console.warn(error);
      tell(status?.dataset.failed);
      later(RETRY);
    } finally {
      sending = false;
    }
  }

  form.addEventListener('input', () => later(PAUSE));
  form.addEventListener('change', () => later(PAUSE));
  form.addEventListener('submit', () => {
    clearTimeout(timer);
    saved = contentOf(form).toString();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') save({ leaving: true });
  });
}

document.querySelectorAll('form[data-draft-url]').forEach(keepDraft);
