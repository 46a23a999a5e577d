// Makes one file of a wrapper, with the rolldown that mcporter brings: node bundle.mjs <source.ts> <target.mjs>
// A link node_modules beside this file leads to the runtime's packages.
import { rolldown } from 'rolldown';

const [source, target] = process.argv.slice(2);

// mcporter prints what a failed server has said on the standard output, where the result belongs.
const before = /console\.log\(heading\);\s+process\.stdout\.write\(meta\.stderrChunks\.join\(''\)\);/g;
const after = "console.error(heading); process.stderr.write(meta.stderrChunks.join(''));";
let mended = 0;

const bundle = await rolldown({
  input: source,
  platform: 'node',
  treeshake: false,
  logLevel: 'silent', // its warnings are about mcporter's own packages; errors still end this program
  resolve: { mainFields: ['module', 'main'] },
  plugins: [
    {
      name: 'butler',
      transform(code, id) {
        if (!id.endsWith('/mcporter/dist/sdk-patches.js')) return null;
        mended += (code.match(before) ?? []).length;
        return { code: code.replace(before, after) };
      },
    },
  ],
});
await bundle.write({
  file: target,
  format: 'esm',
  codeSplitting: false,
  banner: [
    'import { createRequire as butlerCreateRequire } from "node:module";',
    'const require = butlerCreateRequire(import.meta.url);',
  ].join('\n'),
});
if (mended !== 1) throw new Error('this mcporter is not the one that Butler pins: its sdk-patches.js has another text');
