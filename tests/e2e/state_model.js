// Runs the browser's state beside a model that remembers everything; gives what differs.
async ({ seed, steps, oldest, tag }) => {
  const { State, compare } = await import(globalThis.client + '/state.js');
  let random = seed;
  const chance = (n) => Math.floor(((random = (random * 48271) % 2147483647) / 2147483647) * n);
  const order = oldest ? (a, b) => compare(b, a) : compare;
  const matches = (update) => !tag || update.tags.includes(tag);
  const pick = (list) => list[chance(list.length)];
  const at = () => new Date(Date.UTC(2026, 10, 22, 8, chance(40))).toISOString();
  const feed = new Map();
  let clock = 0;
  const put = (id) => {
    const was = feed.get(id);
    const published = was?.published ?? new Date(Date.UTC(2026, 10, 22) + ++clock).toISOString();
    const time = was && chance(3) ? was.time : at();
    const update = { id, rev: (was?.rev ?? 0) + 1, time, published, headline: id, tags: chance(2) ? ['a'] : [], key: !chance(3), pinned: !chance(4) };
    feed.set(id, update);
    return { op: 'put', update };
  };
  const sorted = () => [...feed.values()].sort(order);
  const page = (from, size) => {
    const all = sorted().filter(matches);
    const updates = all.slice(from, from + size);
    return { feed: { title: 'x' }, updates, prev: from > 0 ? `${from}` : null, next: from + size < all.length ? `${from + size}` : null,
      pinned: [...feed.values()].filter((one) => one.pinned).sort(compare),
      key: [...feed.values()].filter((one) => one.key).sort(compare).slice(0, 50) };
  };
  for (let n = 0; n < 30; n++) put(`u${n}`);
  const state = new State(matches, oldest);
  let from = chance(10), size = 5 + chance(10);
  // New is what was never heard of and was published after all that was.
  const heard = new Set();
  let latest = '';
  const hear = (...updates) => {
    for (const { id, published } of updates) {
      heard.add(id);
      if (published > latest) latest = published;
    }
  };
  const first = page(from, size);
  state.reset(first);
  hear(...first.updates, ...first.pinned);
  let unseen = new Set();
  const problems = [];
  for (let step = 0; step < steps; step++) {
    const kind = chance(12);
    const changes = [];
    if (kind < 3) changes.push(put(`n${step}`));
    else if (kind < 7) changes.push(put(pick([...feed.keys()])));
    else if (kind < 9 && feed.size > 5) {
      const id = pick([...feed.keys()]);
      changes.push({ op: 'delete', id, time: feed.get(id).time });
      feed.delete(id);
    } else if (kind === 9 && state.next) {
      const all = sorted().filter(matches);
      const start = all.findIndex((one) => order(one, state.bottom) > 0);
      const updates = start < 0 ? [] : all.slice(start, start + 4);
      state.append({ updates, next: start >= 0 && start + 4 < all.length ? 'x' : null }, []);
      hear(...updates);
      for (const { id } of updates) unseen.delete(id);
    } else if (kind === 10 && state.prev) {
      const all = sorted().filter(matches).filter((one) => order(one, state.top) < 0);
      const updates = all.slice(-4);
      state.prepend({ updates, prev: all.length > 4 ? 'x' : null }, []);
      hear(...updates);
      for (const { id } of updates) unseen.delete(id);
    } else if (kind === 11 && !chance(6)) {
      const total = sorted().filter(matches).length;
      const [middle, newest] = [page(chance(Math.max(1, total - 5)), 5 + chance(10)), page(0, 6)];
      state.reset(middle, newest);
      const came = [...middle.updates, ...newest.updates].filter(({ id, published }) => unseen.has(id) || (!heard.has(id) && published > latest));
      unseen = new Set(came.map(({ id }) => id));
      heard.clear();
      hear(...middle.updates, ...middle.pinned, ...newest.updates);
    }
    state.applyAll(changes);
    state.applyAll(changes);   // redelivery changes nothing
    for (const { update } of changes) {
      if (update && !heard.has(update.id) && update.published > latest) unseen.add(update.id);
      if (update) hear(update);
    }
    for (const id of unseen) if (!feed.has(id) || !matches(feed.get(id))) unseen.delete(id);
    const wanted = sorted().filter(matches).filter((one) => state.covers(one));
    const text = (list) => list.map(({ id, rev }) => `${id}.${rev}`).join(' ');
    if (text(state.updates) !== text(wanted)) problems.push(`${step} (${kind}) updates: ${text(state.updates)} != ${text(wanted)}`);
    const all = page(0, 1);
    if (text(state.pinned) !== text(all.pinned)) problems.push(`${step} pinned`);
    if (!state.stale.key && state.key.map(({ id }) => id).join() !== all.key.map(({ id }) => id).join()) problems.push(`${step} key`);
    if ([...state.fresh.keys()].sort().join() !== [...unseen].sort().join()) problems.push(`${step} (${kind}) fresh: ${[...state.fresh.keys()]} != ${[...unseen]}`);
    if (problems.length) break;
    if (!chance(9)) { state.fresh.clear(); unseen.clear(); }
  }
  return problems;
}
