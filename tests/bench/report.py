"""The bench's results as a table, as JSON, and as a plot."""
import collections
import json
import math
import os
import platform
import re
import time

from lab import QUICK, Run

Result = collections.namedtuple("Result", "row what value unit target")


def is_met(result):
    sign, bound = result.target
    return result.value <= bound if sign == "<=" else result.value >= bound


def machine(lab):
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    version = Run(["kubectl", "version", "--client"]).out.splitlines()[0].split()[-1]
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": model.group(1).strip() if model else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
        "server": "Kubernetes 1.20.2 on this machine",
        "kubectl": version,
        "quick": QUICK,
    }


def print_head(machine):
    print("{cpu}, {cores} cores, Linux {kernel}, load {load:.1f}; {server}, kubectl {kubectl}".format(**machine))
    if machine["quick"]:
        print("quick: small counts, of which the figures say little")
    print("%-9s %-52s %10s %-5s %10s" % ("ROW", "WHAT", "MEASURED", "", "TARGET"))


def number(value):
    return "%d" % value if value == int(value) else "%.*f" % (2 if abs(value) < 10 else 1, value)


def print_result(result):
    target = ""
    if result.target:
        target = "%s %s  %s" % (result.target[0], number(result.target[1]), "met" if is_met(result) else "MISSED")
    print(("%-9s %-52s %10s %-5s %s" % (result.row, result.what, number(result.value), result.unit, target)).rstrip(),
          flush=True)


# --- the plot of growth -----------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 400, 70, 30, 20, 50
SERIES = [(r"all of (\d+) changed", "all objects changed", "#c0392b"),
          (r"one of (\d+) changed", "one object changed", "#2471a3")]


def plot(results):
    """CPU by number of objects, both axes logarithmic, as SVG; None where the row did not run."""
    series = []
    for pattern, title, colour in SERIES:
        points = [(int(re.match(pattern, result.what).group(1)), result.value)
                  for result in results if result.row == "growth" and re.match(pattern, result.what)]
        if points:
            series.append((title, colour, points))
    if not series:
        return None
    xs = [x for _, _, points in series for x, _ in points]
    ys = [max(y, 0.1) for _, _, points in series for _, y in points]
    x0, x1 = math.floor(math.log10(min(xs))), math.ceil(math.log10(max(xs)))
    y0, y1 = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def across(x):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(x) - x0) / max(1, x1 - x0)

    def up(y):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(max(y, 0.1)) - y0) / max(1, y1 - y0)

    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">'
           % (WIDTH, HEIGHT), '<rect width="100%" height="100%" fill="white"/>']
    for power in range(x0, x1 + 1):
        x = across(10 ** power)
        out.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#ddd"/>' % (x, TOP, x, HEIGHT - BOTTOM))
        out.append('<text x="%.1f" y="%d" text-anchor="middle">%d</text>' % (x, HEIGHT - BOTTOM + 18, 10 ** power))
    for power in range(y0, y1 + 1):
        y = up(10 ** power)
        out.append('<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/>' % (LEFT, y, WIDTH - RIGHT, y))
        out.append('<text x="%d" y="%.1f" text-anchor="end">%g ms</text>' % (LEFT - 6, y + 4, 10.0 ** power))
    out.append('<text x="%d" y="%d" text-anchor="middle">objects of the app</text>'
               % ((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12))
    for i, (title, colour, points) in enumerate(series):
        line = " ".join("%.1f,%.1f" % (across(x), up(y)) for x, y in points)
        out.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>' % (line, colour))
        for x, y in points:
            out.append('<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>' % (across(x), up(y), colour))
        out.append('<text x="%d" y="%d" fill="%s">%s: CPU of the agent</text>' % (LEFT + 10, TOP + 16 + 16 * i, colour, title))
    return "\n".join(out + ["</svg>"]) + "\n"


def save(folder, machine, results):
    os.makedirs(folder, exist_ok=True)
    rows = []
    for result in results:
        entry = {"row": result.row, "what": result.what, "value": round(result.value, 6), "unit": result.unit}
        if result.target:
            entry["target"], entry["met"] = "%s %g" % result.target, bool(is_met(result))
        rows.append(entry)
    with open(folder + "/results.json", "w") as file:
        json.dump({"machine": machine, "results": rows}, file, indent=1)
        file.write("\n")
    picture = plot(results)
    if picture:
        with open(folder + "/growth.svg", "w") as file:
            file.write(picture)
