// Plain JavaScript, and before anything else is loaded: what comes from the compile cache is neither compiled nor
// stripped of its types again, which is more than half of the time that help takes.
import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('../src/main.ts');
