/**
 * What tests need besides the packages: a Chromium, and Schemathesis. They install it by themselves; beforehand, nothing is downloaded
 * while they run, and what is missing is said first.
 *   node scripts/src/tools/install.ts
 */
import { installChromium } from './chromium.ts';
import { installSchemathesis } from './schemathesis.ts';

try {
  console.log(await installChromium());
  console.log(await installSchemathesis());
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
