// npm start: set up, then show the main job from end to end on an image that this project makes and serves itself.
import { requireHost } from './host.mjs';
import { setUp } from './setup.mjs';

requireHost('the demonstration');
setUp();
const { demonstrate } = await import('./demonstration.mjs');
process.exitCode = await demonstrate();
