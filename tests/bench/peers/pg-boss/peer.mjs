// `peer.mjs DATABASE_URL APPLICATIONS IN_FLIGHT`: five queues. A worker takes up to a hundred jobs; in one transaction it
// writes a row for each, sends the next jobs, and completes these. LISTEN/NOTIFY wakes it. Prints applications a second,
// and the p50 of one application in milliseconds.
import pg from 'pg';
import { PgBoss } from 'pg-boss';

const [url, countText, inFlightText] = process.argv.slice(2);
const [count, inFlight] = [Number(countText), Number(inFlightText)];
const BATCH = inFlight > 1 ? 100 : 1;
const WARM_UP = 200;
const WARM_UP_ID = 1_000_000_000;
const STEPS = ['intake', 'eligibility', 'review', 'award', 'notification'];

// The state after each step: some 4 KB after the first, little after the others.
const story = 'Die Steuerung der Integrationsarbeit ist verbesserungsbedürftig; alle Stellen arbeiten mit. ';
const items = Array.from({ length: 20 }, (_, position) => ({
  position,
  label: `Kostenposition ${position} für Honorare`,
  cents: position * 13_750,
}));
const documents = [
  { applicant: 'Stadt Solingen', items, story: story.repeat(28) },
  { status: 'eligible', rules: 3 },
  { status: 'reviewed', reviews: [4, 5, 3] },
  { status: 'granted', cents: 4_800_000 },
  { status: 'told', email: 'queued' },
].map((document) => JSON.stringify(document));

const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query('drop schema if exists pgboss cascade');
await client.query('drop table if exists states');
await client.query(
  `create table states (service text, application bigint, version int not null default 1,
                        document jsonb not null, primary key (service, application))`,
);

const boss = new PgBoss({ connectionString: url, max: 15, useListenNotify: true, supervise: false, schedule: false });
boss.on('error', (error) => {
  console.error(error);
  process.exit(1);
});
await boss.start();
for (const step of STEPS) await boss.createQueue(step, { notify: true });

const waiting = new Map();
const options = {
  transactional: true,
  batchSize: BATCH,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 0.5,
  burstWhenBatchFull: true,
};
for (const [place, step] of STEPS.entries()) {
  await boss.work(step, options, async (jobs, tx) => {
    const ids = jobs.map((job) => job.data.application);
    await tx.executeSql(
      `insert into states (service, application, document)
       select $1, application, document from unnest($2::bigint[], $3::jsonb[]) as n (application, document)
       on conflict (service, application) do update
       set document = excluded.document, version = states.version + 1`,
      [step, ids, jobs.map((job) => (place === 0 ? JSON.stringify(job.data.document) : documents[place]))],
    );
    const next = STEPS[place + 1];
    if (next) await boss.insert(next, ids.map((application) => ({ data: { application } })), { db: tx });
    else setImmediate(() => ids.forEach((id) => waiting.get(id)?.()));
  });
}

async function drive(first, count) {
  const document = JSON.parse(documents[0]);
  const took = [];
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) {
        const application = first + next++;
        const start = performance.now();
        const done = new Promise((resolve) => waiting.set(application, resolve));
        await boss.send(STEPS[0], { application, document });
        await done;
        waiting.delete(application);
        took.push(performance.now() - start);
      }
    }),
  );
  took.sort((a, b) => a - b);
  return [(count * 1000) / (performance.now() - begun), took[Math.floor(took.length / 2)]];
}

await drive(WARM_UP_ID, Math.min(WARM_UP, count));
const result = await drive(0, count);
// The last transaction may commit after its jobs were reported here.
let rows = 0;
for (let look = 0; rows !== 5 * count && look < 100; look++) {
  ({ rows: [{ rows }] } = await client.query('select count(*)::int as rows from states where application < $1', [WARM_UP_ID]));
}
if (rows !== 5 * count) {
  console.error(`${rows} rows instead of ${5 * count}`);
  process.exit(1);
}
console.log(result.join(' '));
process.exit(0);
