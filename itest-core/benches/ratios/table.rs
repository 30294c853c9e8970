//! The printed table: a line for each measured quantity of a row.

use crate::measure::{Cost, Series};

/// Prints the lines of one row.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    pub(crate) row: &'a str,
}

/// What a line compares.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Quantity {
    Wall,
    Cpu,
    Peak,
}

/// What was aimed at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    None,
    /// At most that times the other side's minimum.
    Ratio(f64),
    /// At most so many seconds, bytes or pieces.
    Most(f64),
}

pub(crate) fn print_head() {
    print_cells([
        "row",
        "what",
        "itest: min (median)",
        "beside",
        "min (median)",
        "ratio",
        "target",
        "",
    ]);
    print_cells(["---"; 8]);
}

fn print_cells(cells: [&str; 8]) {
    let [row, what, ours, beside, theirs, ratio, target, met] = cells;
    println!(
        "| {row:<12} | {what:<22} | {ours:>19} | {beside:<14} | {theirs:>19} | {ratio:>5} | \
         {target:>9} | {met:<6} |"
    );
}

impl Table<'_> {
    /// One line for each quantity; the target holds for all of them.
    pub(crate) fn compare(
        &self,
        what: &str,
        quantities: &[Quantity],
        ours: &Series,
        beside: (&str, &Series),
        target: Target,
    ) {
        for &quantity in quantities {
            let what = format!("{what}{}", quantity.name());
            let format = |value| quantity.format(value);
            let ours = Summary::of(ours, quantity);
            let theirs = Summary::of(beside.1, quantity);
            self.line(&what, format, ours, Some((beside.0, theirs)), target);
        }
    }

    /// A line about whatever `values` are.
    pub(crate) fn alone(
        &self,
        what: &str,
        format: impl Fn(f64) -> String,
        values: &[f64],
        target: Target,
    ) {
        self.line(what, format, Summary::new(values.to_vec()), None, target);
    }

    fn line(
        &self,
        what: &str,
        format: impl Fn(f64) -> String,
        ours: Summary,
        beside: Option<(&str, Summary)>,
        target: Target,
    ) {
        let cell = |summary: Summary| {
            if summary.min == summary.median {
                format(summary.min)
            } else {
                format!("{} ({})", format(summary.min), format(summary.median))
            }
        };
        let ratio = beside.map(|(_, theirs)| ours.min / theirs.min);
        let (aim, met) = match target {
            Target::None => (String::new(), None),
            Target::Ratio(most) => (format!("≤ {most}"), ratio.map(|ratio| ratio <= most)),
            Target::Most(most) => (format!("≤ {}", format(most)), Some(ours.min <= most)),
        };
        print_cells([
            self.row,
            what,
            &cell(ours),
            beside.map_or("", |(name, _)| name),
            &beside.map_or(String::new(), |(_, theirs)| cell(theirs)),
            &ratio.map_or(String::new(), |ratio| format!("{ratio:.2}")),
            &aim,
            match met {
                None => "",
                Some(true) => "met",
                Some(false) => "missed",
            },
        ]);
    }
}

impl Quantity {
    fn name(self) -> &'static str {
        match self {
            Quantity::Wall => "wall",
            Quantity::Cpu => "CPU",
            Quantity::Peak => "peak memory",
        }
    }

    fn value(self, cost: &Cost) -> f64 {
        match self {
            Quantity::Wall => cost.wall,
            Quantity::Cpu => cost.cpu,
            Quantity::Peak => cost.peak,
        }
    }

    fn format(self, value: f64) -> String {
        match self {
            Quantity::Wall | Quantity::Cpu => seconds(value),
            Quantity::Peak => megabytes(value),
        }
    }
}

pub(crate) fn seconds(value: f64) -> String {
    if value < 1e-3 {
        format!("{:.1} µs", value * 1e6)
    } else if value < 1.0 {
        format!("{:.1} ms", value * 1e3)
    } else {
        format!("{value:.2} s")
    }
}

pub(crate) fn megabytes(value: f64) -> String {
    format!("{:.1} MB", value / 1e6)
}

/// A series in two numbers.
#[derive(Debug, Clone, Copy)]
struct Summary {
    min: f64,
    median: f64,
}

impl Summary {
    fn of(series: &Series, quantity: Quantity) -> Self {
        Summary::new(series.iter().map(|cost| quantity.value(cost)).collect())
    }

    fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Summary {
            min: values[0],
            median: values[values.len() / 2],
        }
    }
}
