// The FEEL parser as Trygg uses it, in place of the one feelin imports.
//
// feelin parses an expression anew at each evaluation, and lets the names in the data decide where
// a name with spaces ends. Here the parse depends on the text alone: what was checked when a
// diagram was uploaded is what runs later, and the tree can be kept.
import { parser as original, trackVariables as originalTracker } from '@bpmn-io/lezer-feel';

export { normalizeContextKey } from '@bpmn-io/lezer-feel';

const LIMIT = 500;
const trees = new Map();

export const trackVariables = () => originalTracker({});

export const parser = {
  configure(options) {
    const configured = original.configure(options);
    return {
      parse(text) {
        const key = `${options.top}\n${options.dialect ?? ''}\n${text}`;
        let tree = trees.get(key);
        if (!tree) {
          tree = configured.parse(text);
          if (trees.size >= LIMIT) trees.delete(trees.keys().next().value);
          trees.set(key, tree);
        }
        return tree;
      },
    };
  },
};
