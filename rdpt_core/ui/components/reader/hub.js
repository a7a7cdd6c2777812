// Where the parts of a reader meet: several mounts bring data for one name, and whoever draws that name hears of it.

const READERS = Symbol.for("rdpt.readers");

function allReaders() {
  globalThis[READERS] ??= new Map();
  return globalThis[READERS];
}

export function readerOf(name) {
  const readers = allReaders();
  if (!readers.has(name)) readers.set(name, { name, view: null, text: null, labels: null, math: null, send: null, update: null });
  return readers.get(name);
}

// `send` carries triggers to the server. Returns what takes the part away again, unless it was replaced meanwhile.
export function bring(data, send) {
  const reader = readerOf(data.reader);
  reader[data.part] = data;
  if (data.part === "labels") reader.send = send;
  reader.update?.();
  return () => {
    if (reader[data.part] !== data) return;
    reader[data.part] = null;
    reader.update?.();
  };
}
