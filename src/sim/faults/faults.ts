import type { Weather } from "../paths.ts";
import { type Station, StationKind } from "../station.ts";
import type { World } from "../world.ts";

/** Ends a fault. */
export type End = () => void;

/** Something wrong with the world, from now on until its end is called. */
export type Fault = (world: World) => End;

/** The machine goes down; at the end another process starts on it. What is down or stopped already stays as it is. */
export function crash(station: Station): Fault {
  return (world) => {
    if (!station.isRunning) return nothing;
    world.crash(station);
    return () => {
      world.boot(station);
    };
  };
}

/** The process is stopped where it is, as by SIGSTOP, and goes on at the end. */
export function suspend(station: Station): Fault {
  return (world) => {
    if (!station.isRunning) return nothing;
    world.suspend(station);
    return () => {
      world.resume(station);
    };
  };
}

/** No path between the two groups. */
export function partition(group: readonly Station[], others: readonly Station[]): Fault {
  return (world) => {
    forPairs(group, others, (a, b) => {
      world.cut(a, b);
    });
    return () => {
      forPairs(group, others, (a, b) => {
        world.mend(a, b);
      });
    };
  };
}

/** The path from one station to another is cut, not the way back. */
export function oneWayCut(from: Station, to: Station): Fault {
  return ({ network }) => {
    const path = network.paths.of(from.index, to.index);
    network.paths.cut(network.now, path);
    return () => {
      network.paths.mend(network.now, path);
    };
  };
}

/** Worse weather on all paths between two groups, both ways. */
export function badWeather(group: readonly Station[], others: readonly Station[], weather: Weather): Fault {
  return ({ network }) => {
    const { paths } = network;
    const both = (change: (path: number) => void): void => {
      forPairs(group, others, (a, b) => {
        change(paths.of(a.index, b.index));
        change(paths.of(b.index, a.index));
      });
    };
    both((path) => {
      paths.worsen(network.now, path, weather);
    });
    return () => {
      both((path) => {
        paths.clear(network.now, path, weather);
      });
    };
  };
}

/** A site's feed is cut: it lags, and soon answers nobody. */
export function cutFeed(site: Station): Fault {
  return (world) => {
    const feed = world.feeds[site.index]!;
    if (feed.isCut) return nothing;
    feed.isCut = true;
    return () => {
      feed.isCut = false;
      feed.drain();
    };
  };
}

/** Nobody can talk to a station. */
export function isolate(station: Station): Fault {
  return (world) => partition([station], world.stations.filter((other) => other !== station))(world);
}

/** DNS answers slowly, or not at all. */
export function badDns(delay: number, isFailing: boolean): Fault {
  return ({ discovery }) => {
    const before = discovery.delay;
    discovery.delay = delay;
    discovery.isFailing = isFailing;
    return () => {
      discovery.delay = before;
      discovery.isFailing = false;
    };
  };
}

/** A DSOC takes a site out of DNS, and puts it back at the end. */
export function unlist(site: Station): Fault {
  return ({ discovery }) => {
    if (!discovery.isListed(site)) return nothing;
    discovery.hide(site);
    return () => {
      discovery.list(site);
    };
  };
}

/** A MAB goes to other DSOCs of those that hold it; at the end back to its first. */
export function moveMab(mab: number, dsocs: readonly number[]): Fault {
  return ({ discovery, mabs }) => {
    discovery.move(mab, dsocs);
    return () => {
      discovery.move(mab, [mabs[mab]!.holders[0]!]);
    };
  };
}

/** Everyone but QSAs: what a site is far away from. */
export function queriersIn(world: World): Station[] {
  return world.stations.filter(({ kind }) => kind !== StationKind.qsa);
}

function forPairs(group: readonly Station[], others: readonly Station[], use: (a: Station, b: Station) => void): void {
  for (const a of group) for (const b of others) if (a !== b) use(a, b);
}

function nothing(): void {}
