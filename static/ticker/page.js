/** What the ticker page loads: all of it is served as one module. */
import { start } from './start.js';

start();
