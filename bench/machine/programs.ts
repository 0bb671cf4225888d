// One program a row, in three languages: each text declares `bench()`, whose result must be the same in all.

export interface BenchProgram {
  readonly name: string
  readonly neam: string
  readonly javascript: string
  readonly lua: string
}

const BODIES = [
  '0, 0, 0, 0, 0, 0, 39.478417604357434',
  '4.84143144246472, -1.16032004402743, -0.10362204447112, 0.606326392995832, 2.81198684491626, -0.0252183616598876, 0.0376936749925756',
  '8.34336671824458, 4.12479856412430, -0.403523417114321, -1.01077434617879, 1.82566237123041, 0.00841576137658415, 0.0112863261319688',
  '12.8943695621391, -15.1111514016986, -0.223307578892656, 1.08279100644154, 0.868713018169608, -0.0108326374013636, 0.00172372405705971',
  '15.3796971148509, -25.9193146099879, 0.179258772950371, 0.979090732243898, 0.594698998647676, -0.0347559555040780, 0.00203368686992463',
]

export const PROGRAMS: readonly BenchProgram[] = [
  {
    name: 'fib(27)',
    neam: 'fun fib(n) { if (n < 2) { return n; } return fib(n - 1) + fib(n - 2); } fun bench() { return fib(27); }',
    javascript:
      'function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) } function bench() { return fib(27) }',
    lua: 'function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end function bench() return fib(27) end',
  },
  {
    name: 'loop of 10M additions',
    neam: 'fun bench() { let sum = 0; let i = 0; while (i < 10000000) { sum = sum + i; i = i + 1; } return sum; }',
    javascript:
      'function bench() { let sum = 0; let i = 0; while (i < 10000000) { sum = sum + i; i = i + 1 } return sum }',
    lua: 'function bench() local sum = 0 local i = 0 while i < 10000000 do sum = sum + i i = i + 1 end return sum end',
  },
  {
    name: 'sieve to 1M',
    neam: `fun bench() {
      let composite = [];
      let i = 0;
      while (i <= 1000000) { push(composite, false); i = i + 1; }
      let count = 0;
      let n = 2;
      while (n <= 1000000) {
        if (not composite[n]) {
          count = count + 1;
          let m = n * n;
          while (m <= 1000000) { composite[m] = true; m = m + n; }
        }
        n = n + 1;
      }
      return count;
    }`,
    javascript: `function bench() {
      const composite = []
      for (let i = 0; i <= 1000000; i++) composite.push(false)
      let count = 0
      for (let n = 2; n <= 1000000; n++) {
        if (composite[n]) continue
        count++
        for (let m = n * n; m <= 1000000; m += n) composite[m] = true
      }
      return count
    }`,
    lua: `function bench()
      local composite = {}
      for i = 0, 1000000 do composite[i] = false end
      local count = 0
      for n = 2, 1000000 do
        if not composite[n] then
          count = count + 1
          for m = n * n, 1000000, n do composite[m] = true end
        end
      end
      return count
    end`,
  },
  {
    name: 'nbody, 100k steps',
    neam: `mut struct Body { x, y, z, vx, vy, vz, mass }
    fun bench() {
      let bodies = [${BODIES.map((body) => `Body(${body})`).join(', ')}];
      let n = len(bodies);
      let step = 0;
      while (step < 100000) {
        let i = 0;
        while (i < n) {
          let a = bodies[i];
          let j = i + 1;
          while (j < n) {
            let b = bodies[j];
            let dx = a.x - b.x;
            let dy = a.y - b.y;
            let dz = a.z - b.z;
            let d2 = dx * dx + dy * dy + dz * dz;
            let mag = 0.01 / (d2 * math_sqrt(d2));
            a.vx = a.vx - dx * b.mass * mag;
            a.vy = a.vy - dy * b.mass * mag;
            a.vz = a.vz - dz * b.mass * mag;
            b.vx = b.vx + dx * a.mass * mag;
            b.vy = b.vy + dy * a.mass * mag;
            b.vz = b.vz + dz * a.mass * mag;
            j = j + 1;
          }
          i = i + 1;
        }
        i = 0;
        while (i < n) {
          let a = bodies[i];
          a.x = a.x + 0.01 * a.vx;
          a.y = a.y + 0.01 * a.vy;
          a.z = a.z + 0.01 * a.vz;
          i = i + 1;
        }
        step = step + 1;
      }
      return bodies[0].x;
    }`,
    javascript: `function body(x, y, z, vx, vy, vz, mass) { return { x, y, z, vx, vy, vz, mass } }
    function bench() {
      const bodies = [${BODIES.map((body) => `body(${body})`).join(', ')}]
      const n = bodies.length
      for (let step = 0; step < 100000; step++) {
        for (let i = 0; i < n; i++) {
          const a = bodies[i]
          for (let j = i + 1; j < n; j++) {
            const b = bodies[j]
            const dx = a.x - b.x
            const dy = a.y - b.y
            const dz = a.z - b.z
            const d2 = dx * dx + dy * dy + dz * dz
            const mag = 0.01 / (d2 * Math.sqrt(d2))
            a.vx = a.vx - dx * b.mass * mag
            a.vy = a.vy - dy * b.mass * mag
            a.vz = a.vz - dz * b.mass * mag
            b.vx = b.vx + dx * a.mass * mag
            b.vy = b.vy + dy * a.mass * mag
            b.vz = b.vz + dz * a.mass * mag
          }
        }
        for (let i = 0; i < n; i++) {
          const a = bodies[i]
          a.x = a.x + 0.01 * a.vx
          a.y = a.y + 0.01 * a.vy
          a.z = a.z + 0.01 * a.vz
        }
      }
      return bodies[0].x
    }`,
    lua: `local function body(x, y, z, vx, vy, vz, mass)
      return { x = x, y = y, z = z, vx = vx, vy = vy, vz = vz, mass = mass }
    end
    function bench()
      local bodies = { ${BODIES.map((body) => `body(${body})`).join(', ')} }
      local n = #bodies
      for step = 1, 100000 do
        for i = 1, n do
          local a = bodies[i]
          for j = i + 1, n do
            local b = bodies[j]
            local dx = a.x - b.x
            local dy = a.y - b.y
            local dz = a.z - b.z
            local d2 = dx * dx + dy * dy + dz * dz
            local mag = 0.01 / (d2 * math.sqrt(d2))
            a.vx = a.vx - dx * b.mass * mag
            a.vy = a.vy - dy * b.mass * mag
            a.vz = a.vz - dz * b.mass * mag
            b.vx = b.vx + dx * a.mass * mag
            b.vy = b.vy + dy * a.mass * mag
            b.vz = b.vz + dz * a.mass * mag
          end
        end
        for i = 1, n do
          local a = bodies[i]
          a.x = a.x + 0.01 * a.vx
          a.y = a.y + 0.01 * a.vy
          a.z = a.z + 0.01 * a.vz
        end
      end
      return bodies[1].x
    end`,
  },
  {
    name: 'build and join 200k strings',
    neam: `fun bench() {
      let parts = [];
      let i = 0;
      while (i < 200000) { push(parts, "item " + i); i = i + 1; }
      return len(parts.join(","));
    }`,
    javascript: `function bench() {
      const parts = []
      for (let i = 0; i < 200000; i++) parts.push('item ' + i)
      return parts.join(',').length
    }`,
    lua: `function bench()
      local parts = {}
      for i = 0, 199999 do parts[#parts + 1] = 'item ' .. i end
      return #table.concat(parts, ',')
    end`,
  },
  {
    name: 'map, 500k inserts and lookups',
    neam: `fun bench() {
      let m = {};
      let i = 0;
      while (i < 500000) { m["k" + i] = i; i = i + 1; }
      let sum = 0;
      i = 0;
      while (i < 500000) { sum = sum + m["k" + i]; i = i + 1; }
      return sum;
    }`,
    javascript: `function bench() {
      const m = new Map()
      for (let i = 0; i < 500000; i++) m.set('k' + i, i)
      let sum = 0
      for (let i = 0; i < 500000; i++) sum += m.get('k' + i)
      return sum
    }`,
    lua: `function bench()
      local m = {}
      for i = 0, 499999 do m['k' .. i] = i end
      local sum = 0
      for i = 0, 499999 do sum = sum + m['k' .. i] end
      return sum
    end`,
  },
  {
    name: 'sort 200k by a comparator',
    neam: `fun bench() {
      let xs = [];
      let x = 1;
      let i = 0;
      while (i < 200000) { x = (x * 16807) % 2147483647; push(xs, x); i = i + 1; }
      return xs.sort_by(fn(a, b) => a - b)[0];
    }`,
    javascript: `function bench() {
      const xs = []
      let x = 1
      for (let i = 0; i < 200000; i++) {
        x = (x * 16807) % 2147483647
        xs.push(x)
      }
      return xs.sort((a, b) => a - b)[0]
    }`,
    lua: `function bench()
      local xs = {}
      local x = 1
      for i = 1, 200000 do
        x = (x * 16807) % 2147483647
        xs[i] = x
      end
      table.sort(xs, function(a, b) return a < b end)
      return xs[1]
    end`,
  },
  {
    name: '5M closure calls',
    neam: `fun bench() {
      let sum = 0;
      let add = fn(n) { sum = sum + n; nil };
      let i = 0;
      while (i < 5000000) { add(i); i = i + 1; }
      return sum;
    }`,
    javascript: `function bench() {
      let sum = 0
      const add = (n) => { sum = sum + n }
      for (let i = 0; i < 5000000; i++) add(i)
      return sum
    }`,
    lua: `function bench()
      local sum = 0
      local add = function(n) sum = sum + n end
      for i = 0, 4999999 do add(i) end
      return sum
    end`,
  },
]
