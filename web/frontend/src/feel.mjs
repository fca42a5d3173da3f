// FEEL for the server: feelin inside an embedded V8, where JSON text is all that goes in or out.
//
// Every function returns JSON text: {value, warnings}, or {error, at} when it could not be
// done; `error` is `incomplete`, `unrecognized` or `failed`, `at` a position in the text or null.
import { SyntaxError, date, evaluate, unaryTest } from '@bpmn-io/feelin';
import { DateTime, Duration } from 'luxon';
import { parser, trackVariables } from './feel-parser.mjs';
import { namesOf } from './feel-names.mjs';

const isoOf = (moment) => {
  if (moment.year === 1900 && moment.month === 1 && moment.day === 1) {
    return moment.toISOTime({ suppressMilliseconds: true, includeOffset: false });
  }
  const midnight = moment.hour + moment.minute + moment.second + moment.millisecond === 0;
  if (midnight && moment.zoneName === 'UTC') return moment.toISODate();
  return moment.toISO({ suppressMilliseconds: true });
};

const plain = (value) => {
  if (value === null || value === undefined || typeof value === 'function') return null;
  if (DateTime.isDateTime(value)) return value.isValid ? isoOf(value) : null;
  if (Duration.isDuration(value)) return value.isValid ? value.toISO() : null;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object') return value;
  if (typeof value.invoke === 'function') return null;
  const entries = Object.entries(value).filter(([, item]) => typeof item !== 'function');
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
};

// FEEL orders texts and dates as well as numbers; feelin's own min and max know numbers only.
const kindOf = (value) => {
  if (DateTime.isDateTime(value)) return 'moment';
  if (Duration.isDuration(value)) return 'duration';
  return typeof value;
};
const extreme = (better) => {
  const pick = (...given) => {
    const list = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
    const kind = list.length ? kindOf(list[0]) : null;
    if (!['number', 'string', 'moment', 'duration'].includes(kind)) return null;
    if (list.some((item) => kindOf(item) !== kind)) return null;
    return list.reduce((best, item) => (better(item, best) ? item : best));
  };
  pick.$args = ['...list'];
  return pick;
};
const own = {
  min: extreme((a, b) => a < b),
  max: extreme((a, b) => a > b),
};

const answer = (work) => {
  try {
    return JSON.stringify(work());
  } catch (error) {
    if (!(error instanceof SyntaxError)) return JSON.stringify({ error: 'failed', at: null });
    const kind = error.message.startsWith('Incomplete') ? 'incomplete' : 'unrecognized';
    return JSON.stringify({ error: kind, at: error.position.from });
  }
};

const contextOf = (contextJson, now) => {
  const clock = now && {
    now: Object.assign(() => date(now), { $args: [] }),
    today: Object.assign(() => date(now.slice(0, 10)), { $args: [] }),
  };
  return { ...own, ...clock, ...JSON.parse(contextJson) };
};

const resultOf = ({ value, warnings }) => ({
  value: plain(value),
  warnings: warnings.map(({ type, message }) => ({ type, message })),
});

globalThis.feelEval = (text, contextJson, now) =>
  answer(() => resultOf(evaluate(text, contextOf(contextJson, now))));

globalThis.feelUnary = (text, contextJson, now) =>
  answer(() => resultOf(unaryTest(text, contextOf(contextJson, now))));

// What FEEL knows when there are no answers: its own functions.
const isKnown = (name) => evaluate(name, contextOf('{}', '2026-01-01T00:00:00Z')).warnings.length === 0;

// Parses only; `top` is Expression or UnaryTests. The value is the names that the text reads; a
// warning tells of each function that is not there.
globalThis.feelNames = (text, top) =>
  answer(() => {
    const tree = parser.configure({ top, contextTracker: trackVariables() }).parse(text);
    const cursor = tree.cursor();
    do {
      if (cursor.type.isError) {
        return { error: cursor.from === cursor.to ? 'incomplete' : 'unrecognized', at: cursor.from };
      }
    } while (cursor.next());
    const { names, functions } = namesOf(tree, text);
    const unknown = functions.filter((name) => !isKnown(name));
    const warnings = unknown.map((message) => ({ type: 'NO_FUNCTION_FOUND', message }));
    return { value: names, warnings };
  });
