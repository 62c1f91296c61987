//! Lines over an axis as SVG, to stand in an HTML page that has the colours.

mod scale;

pub(super) use scale::Scale;

use std::fmt::Write as _;

/// A chart.
pub(super) struct Chart {
    /// What it shows.
    pub(super) title: String,
    /// What stands below and what beside it.
    pub(super) across: Axis,
    /// What stands beside it.
    pub(super) up: Axis,
    /// What is drawn; the first [`COLORS`] have colours of their own.
    pub(super) lines: Vec<Line>,
}

/// An axis with how its values are written.
pub(super) struct Axis {
    /// What the values are.
    pub(super) name: &'static str,
    /// Where they stand.
    pub(super) scale: Scale,
    /// How one is written.
    pub(super) label: fn(f64) -> String,
}

/// A line of a chart.
pub(super) struct Line {
    /// What it stands for.
    pub(super) name: String,
    /// Its points, from left to right.
    pub(super) points: Vec<(f64, f64)>,
}

/// The size of a chart and the space around what is drawn, in units of the picture.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 40.0;

/// How many colours for lines the page has.
pub(super) const COLORS: usize = 4;

/// With more points than these, a line has no dots.
const DOTS: usize = 61;

impl Chart {
    /// The chart with its title and legend.
    pub(super) fn html(&self) -> String {
        let mut html = format!("<figure><figcaption>{}", escape(&self.title));
        for (index, line) in self.lines.iter().enumerate() {
            let name = escape(&line.name);
            let _ = write!(html, "<span class=\"key k{}\">{name}</span>", index + 1);
        }
        let _ = write!(
            html,
            "</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escape(&self.title)
        );
        self.draw_axes(&mut html);
        for (index, line) in self.lines.iter().enumerate() {
            self.draw(line, index + 1, &mut html);
        }
        html + "</svg></figure>\n"
    }

    fn draw_axes(&self, svg: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in self.up.scale.ticks() {
            let (y, label) = (self.y(tick), (self.up.label)(tick));
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>\
                 <text class=\"up\" x=\"{}\" y=\"{:.1}\">{label}</text>",
                LEFT - 8.0,
                y + 4.0
            );
        }
        for tick in self.across.scale.ticks() {
            let (x, label) = (self.x(tick), (self.across.label)(tick));
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>\
                 <text class=\"across\" x=\"{x:.1}\" y=\"{}\">{label}</text>",
                bottom + 17.0
            );
        }
        let _ = write!(
            svg,
            "<text class=\"name\" x=\"{:.1}\" y=\"{}\">{}</text>",
            f64::midpoint(LEFT, right),
            HEIGHT - 5.0,
            self.across.name
        );
    }

    fn draw(&self, line: &Line, color: usize, svg: &mut String) {
        let places =
            line.points.iter().map(|(x, y)| format!("{:.1},{:.1}", self.x(*x), self.y(*y)));
        let places = places.collect::<Vec<_>>().join(" ");
        let _ = write!(svg, "<polyline class=\"line c{color}\" points=\"{places}\"/>");
        if line.points.len() > DOTS {
            return;
        }
        for (x, y) in &line.points {
            let _ = write!(
                svg,
                "<circle class=\"dot c{color}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\">\
                 <title>{}: {} at {}</title></circle>",
                self.x(*x),
                self.y(*y),
                escape(&line.name),
                (self.up.label)(*y),
                (self.across.label)(*x)
            );
        }
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.across.scale.place(value) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.up.scale.place(value) * (HEIGHT - TOP - BOTTOM)
    }
}

/// `text` as it stands in HTML and XML, between tags or in quotes.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            // XML has no way to say them.
            other if other.is_control() && other != '\n' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}
