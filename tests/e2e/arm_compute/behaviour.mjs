// One line "ok - …" or "not ok - …" per behaviour, for lib/suite.py to number.

let failures = 0;

export async function behaviour(name, body) {
  try {
    await body();
    console.log(`ok - ${name}`);
  } catch (error) {
    failures++;
    console.log(`not ok - ${name}`);
    console.log(error.stack ?? String(error));
    if (error.details) console.log(JSON.stringify(error.details));
  }
}

export function failed() {
  return failures > 0;
}

export async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}
