import { objectsContract } from '../contracts/objects.ts';
import { memoryObjects } from '../support/memory-objects.ts';

let store = memoryObjects();
objectsContract('memory', {
  async open() {
    store = memoryObjects();
    return store;
  },
  everything: async () => store.keys(),
});
