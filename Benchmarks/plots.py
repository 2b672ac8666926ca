"""SVG by hand: for each row a dot at its ratio with the spread, on a logarithmic axis, beside the reference's 1."""
import math
from xml.sax.saxutils import escape

WIDTH, LABEL, RIGHT, LINE, TOP, BOTTOM = 920, 380, 70, 26, 56, 34
MET, MISSED, NEUTRAL, GREY = "#1a7f5a", "#c2410c", "#4b5563", "#9ca3af"


def ratios(row):
    """The lowest and highest ratio of the rounds, or of the medians where the rounds do not pair."""
    if len(row.ours) == len(row.reference):
        pairs = [a / b for a, b in zip(row.ours, row.reference) if b]
        if pairs:
            return min(pairs), max(pairs)
    return row.ratio, row.ratio


def ratio_plot(title, rows):
    lows, highs = zip(*(ratios(row) for row in rows))
    positive = [value for value in (*lows, *(row.ratio for row in rows)) if value and value > 0]
    low = min([0.5, *positive]) * 0.85
    high = max([2, *highs]) * 1.15
    height = TOP + LINE * len(rows) + BOTTOM
    plot = WIDTH - LABEL - RIGHT

    def x(ratio):
        ratio = min(max(ratio, low), high)
        return LABEL + plot * (math.log(ratio) - math.log(low)) / (math.log(high) - math.log(low))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
           'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
           f'<text x="16" y="22" font-size="15" font-weight="bold" fill="#111827">{escape(title)}</text>',
           f'<text x="16" y="40" fill="{NEUTRAL}">ours over the reference, logarithmic; the line is the spread of the rounds; '
           f'<tspan fill="{MET}">goal met</tspan>, <tspan fill="{MISSED}">missed</tspan>, no goal</text>']
    bottom = height - BOTTOM
    ticks = [t for t in (0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000) if low <= t <= high]
    for tick in ticks:
        at = x(tick)
        out.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{bottom}" stroke="{"#111827" if tick == 1 else "#e5e7eb"}"/>')
        out.append(f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle" fill="{NEUTRAL}">{tick:g}×</text>')
    for index, (row, first, last) in enumerate(zip(rows, lows, highs)):
        y = TOP + LINE * index + LINE / 2
        colour = {"yes": MET, "no": MISSED}.get(row.verdict, NEUTRAL)
        out.append(f'<text x="{LABEL - 12}" y="{y + 4}" text-anchor="end" fill="#111827">{escape(row.name)}</text>')
        out.append(f'<line x1="{x(first):.1f}" y1="{y}" x2="{x(last):.1f}" y2="{y}" stroke="{GREY}" stroke-width="3"/>')
        out.append(f'<circle cx="{x(row.ratio):.1f}" cy="{y}" r="5" fill="{colour}"/>')
        out.append(f'<text x="{WIDTH - RIGHT + 10}" y="{y + 4}" fill="{colour}">{row.ratio:.2f}×</text>')
    return "\n".join(out + ["</svg>", ""])
