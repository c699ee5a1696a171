import { openStore } from '../../store/open-store.ts';

/** Another process at a store: `node store-worker.ts count|write|race URL [TIMES]`. Answers in lines on standard output. */
const [what, url = '', times = '0'] = process.argv.slice(2);
const store = openStore(url);

if (what === 'count') {
  let successes = 0;
  while (successes < Number(times)) {
    const object = await store.get('counter');
    if (object === undefined) throw new Error('there is no counter');
    const next = Number(Buffer.from(object.bytes).toString()) + 1;
    if (await store.replaceIfMatch('counter', Buffer.from(String(next)), object.etag)) successes++;
  }
}

if (what === 'write') {
  for (let i = 0; ; i++) {
    const bytes = Buffer.alloc(300_000, 97 + (i % 26));
    await store.put('written/same', bytes);
    await store.putIfAbsent(`written/new-${String(process.pid)}-${String(i)}`, bytes);
    if (i === 3) process.stdout.write('going\n');
  }
}

if (what === 'race') {
  const places = Array.from({ length: Number(times) }, (_, i) => String(i));
  const versions = await Promise.all(places.map(async (place) => (await store.get(`held/${place}`))?.etag ?? ''));
  const ours = Buffer.from(String(process.pid));
  process.stdout.write('ready\n');
  while (!(await store.has('go')));
  const won: string[] = [];
  for (const [i, place] of places.entries()) {
    if (await store.putIfAbsent(`free/${place}`, ours)) won.push(`free/${place}`);
    if (await store.replaceIfMatch(`held/${place}`, ours, versions[i] ?? '')) won.push(`held/${place}`);
  }
  process.stdout.write(`${JSON.stringify(won)}\n`);
}
