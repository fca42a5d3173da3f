// Builds everything that is not kept in the repository: what the browser loads
// (web/static/build/) and the FEEL evaluator (engine/definitions/build/feel.js).
import { build } from 'esbuild';
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const browserOut = here('../static/build');
const feelOut = here('../../engine/definitions/build');

// feelin gets our parser, see src/feel-parser.mjs; our own files get the original.
const ownParser = {
  name: 'own-parser',
  setup(bundle) {
    bundle.onResolve({ filter: /^@bpmn-io\/lezer-feel$/ }, ({ importer }) =>
      importer.includes('feelin') ? { path: here('src/feel-parser.mjs') } : undefined,
    );
  },
};

await rm(browserOut, { recursive: true, force: true });
await mkdir(feelOut, { recursive: true });

await Promise.all([
  build({
    entryPoints: { trygg: here('trygg.css') },
    outdir: browserOut,
    bundle: true,
    minify: true,
    loader: { '.woff2': 'file' },
    assetNames: 'fonts/[name]-[hash]',
    logLevel: 'warning',
  }),
  build({
    entryPoints: {
      viewer: here('src/viewer.mjs'),
      draft: here('src/draft.mjs'),
      print: here('src/print.mjs'),
      conditions: here('src/conditions.mjs'),
    },
    outdir: browserOut,
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2020',
    legalComments: 'linked',
    logLevel: 'warning',
  }),
  build({
    entryPoints: [here('src/feel.mjs')],
    outfile: `${feelOut}/feel.js`,
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    plugins: [ownParser],
    logLevel: 'warning',
  }),
]);
