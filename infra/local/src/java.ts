import { join } from 'node:path';
import { LocalError } from './error.ts';
import { runToEnd } from './run.ts';

const minimumVersion = 17;

/** The `java` to run: that of JAVA_HOME, else the one on the PATH. */
export function javaCommand(): string {
  const home = process.env.JAVA_HOME;
  return home ? join(home, 'bin', 'java') : 'java';
}

/** @throws LocalError that says what to install when there is no Java 17 or newer. */
export async function checkJava(): Promise<void> {
  const advice = `install a JDK ${minimumVersion} or newer (Debian: apt-get install default-jdk-headless; macOS: brew install openjdk)`;
  const output = await runToEnd(javaCommand(), ['-version']).catch(() => {
    throw new LocalError(`no working "${javaCommand()}": ${advice}`);
  });
  const version = Number(/version "(\d+)/.exec(output)?.[1] ?? 0);
  if (version < minimumVersion) {
    throw new LocalError(`"${javaCommand()}" is version ${version || 'unknown'}: ${advice}`);
  }
}
