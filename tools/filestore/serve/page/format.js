// What people read in place of numbers and media types. Pure functions.

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

export function sizeText(bytes) {
  let unit = 0;
  let number = bytes;
  while (number >= 999.5 && unit < UNITS.length - 1) {
    number /= 1000;
    unit += 1;
  }
  return `${unit > 0 && number < 9.95 ? number.toFixed(1) : Math.round(number).toLocaleString()} ${UNITS[unit]}`;
}

const STEPS = [[60, "second"], [60, "minute"], [24, "hour"], [7, "day"], [4.348, "week"], [12, "month"], [Infinity, "year"]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function ageText(time, now) {
  let number = (now - time) / 1000;
  if (!(number >= 45)) {
    return "just now";
  }
  for (const [most, unit] of STEPS) {
    if (Math.round(number) < most) {
      return relative.format(-Math.round(number), unit);
    }
    number /= most;
  }
  return "";
}

export function timeText(time) {
  return new Date(time).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
}

export function durationText(seconds) {
  if (!Number.isFinite(seconds)) {
    return "";
  }
  if (seconds < 1.5) {
    return "1 s left";
  }
  if (seconds < 60) {
    return `${Math.round(seconds)} s left`;
  }
  return seconds < 3600 ? `${Math.round(seconds / 60)} min left` : `${(seconds / 3600).toFixed(1)} h left`;
}

export const countText = (count, one, many = `${one}s`) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

// What programs call a type, and what people do. The rest is told by its extension.
const TYPES = {
  "application/pdf": ["PDF", "text"],
  "application/zip": ["ZIP archive", "archive"],
  "application/gzip": ["Gzip archive", "archive"],
  "application/x-tar": ["TAR archive", "archive"],
  "application/x-7z-compressed": ["7-Zip archive", "archive"],
  "application/zstd": ["Zstandard archive", "archive"],
  "application/json": ["JSON", "text"],
  "application/xml": ["XML", "text"],
  "application/msword": ["Word document", "text"],
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ["Word document", "text"],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ["Excel workbook", "text"],
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": ["Presentation", "text"],
  "text/plain": ["Text", "text"],
  "text/csv": ["CSV table", "text"],
  "text/html": ["Web page", "text"],
  "text/markdown": ["Markdown", "text"],
  "text/x-markdown": ["Markdown", "text"],
  "image/jpeg": ["JPEG picture", "image"],
  "image/svg+xml": ["SVG picture", "image"],
  "audio/mpeg": ["MP3 sound", "sound"],
  "video/quicktime": ["QuickTime film", "film"],
};
const KINDS = { image: ["picture", "image"], audio: ["sound", "sound"], video: ["film", "film"], text: ["text", "text"] };

const extensionOf = (name) => (/[^./\\]\.([A-Za-z0-9]{1,8})$/.exec(name) || [])[1];

// {label, icon}
export function kindOf(type, name) {
  const plain = (type || "").split(";")[0].trim().toLowerCase();
  if (TYPES[plain]) {
    return { label: TYPES[plain][0], icon: TYPES[plain][1] };
  }
  const [main, sub = ""] = plain.split("/");
  const kind = KINDS[main];
  const extension = extensionOf(name);
  if (kind) {
    const word = sub.replace(/^(x-|vnd\.)/, "").split(/[.+-]/)[0];
    return { label: word.length > 0 && word.length <= 5 ? `${word.toUpperCase()} ${kind[0]}` : `${kind[0][0].toUpperCase()}${kind[0].slice(1)}`, icon: kind[1] };
  }
  return { label: extension ? `${extension.toUpperCase()} file` : "File", icon: "file" };
}

export const isThumbnail = (type, size) => size <= 1_000_000 && /^image\/(png|jpeg|gif|webp|avif)$/i.test(type || "");
