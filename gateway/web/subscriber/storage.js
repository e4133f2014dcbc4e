// SPDX-License-Identifier: Apache-2.0
// What this browser keeps of its subscriber: the device's key, which cannot be read out even by the page, and the credential. In
// IndexedDB, because only that takes keys.

const open = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open("tollgate", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("identity");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function work(mode, what) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const request = what(database.transaction("identity", mode).objectStore("identity"));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

export const keepIdentity = (identity) => work("readwrite", (store) => store.put(identity, "own"));
export const keptIdentity = () => work("readonly", (store) => store.get("own"));
export const forgetIdentity = () => work("readwrite", (store) => store.delete("own"));
