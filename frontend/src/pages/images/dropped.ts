// Files of what was dropped: those that were dropped themselves, and the images in dropped folders.

const IMAGE = /\.(png|jpe?g|tiff?|bmp)$/i;

/** Files themselves come as they are, so that a wrong one is named; in folders only images count. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  // Entries are there only until the event has been handled: take them before waiting.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return [...transfer.files];
  const found = await Promise.all(
    entries.map((entry) => (isFolder(entry) ? filesInside(entry) : fileOf(entry))),
  );
  return found.flat();
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

async function filesInside(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  for (;;) {
    // A folder tells its entries in portions, the last of which is empty.
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (portion.length === 0) return files;
    for (const entry of portion) {
      if (isFolder(entry)) files.push(...(await filesInside(entry)));
      else if (IMAGE.test(entry.name)) files.push(...(await fileOf(entry)));
    }
  }
}

function fileOf(entry: FileSystemEntry): Promise<File[]> {
  return new Promise((resolve, reject) =>
    (entry as FileSystemFileEntry).file((file) => resolve([file]), reject),
  );
}
