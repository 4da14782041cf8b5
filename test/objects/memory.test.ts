import { objectsContract } from '../contracts/objects.ts';
import { memoryObjects } from '../support/memory-objects.ts';

objectsContract('memory', { open: async () => memoryObjects() });
