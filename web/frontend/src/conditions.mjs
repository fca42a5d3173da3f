// Shows and hides fields while a person answers, by the rules that stand in the form.
//
// `data-hide-when` on what may be hidden holds JSON: {"every": true, "terms": [{"name": "alvorlig",
// "value": "ja", "equal": false}]}. A term compares the chosen answer of the field with that name
// ("" when nothing is chosen, "nei" for a box that is not ticked). Without this script what can't be
// decided yet is shown; the server drops the answers of hidden fields either way.
const isBox = (control) => control.type === 'checkbox';

function answerOf(form, name) {
  const controls = [...form.elements].filter((control) => control.name === name);
  const open = controls.filter((control) => !control.closest('[data-hide-when][hidden]'));
  if (open.length === 0) return '';
  if (isBox(open[0])) return open[0].checked ? 'ja' : 'nei';
  if (open[0].type === 'radio') return open.find((control) => control.checked)?.value ?? '';
  return open[0].value;
}

function hides(form, rule) {
  const holds = (term) => (answerOf(form, term.name) === term.value) === term.equal;
  return rule.every ? rule.terms.every(holds) : rule.terms.some(holds);
}

function follow(form) {
  const parts = [...form.querySelectorAll('[data-hide-when]')];
  const rules = parts.map((part) => JSON.parse(part.dataset.hideWhen));
  const look = () => {
    // A field that comes or goes can decide another's, so look until nothing changes.
    for (let round = 0; round < parts.length + 1; round += 1) {
      let changed = false;
      parts.forEach((part, index) => {
        const hidden = hides(form, rules[index]);
        changed = changed || part.hidden !== hidden;
        part.hidden = hidden;
      });
      if (!changed) return;
    }
  };
  form.addEventListener('change', look);
  look();
}

new Set(
  [...document.querySelectorAll('[data-hide-when]')].map((part) => part.closest('form')),
).forEach((form) => form && follow(form));
