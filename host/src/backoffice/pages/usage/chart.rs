//! A sum for each day as bars, drawn on the server.

use plotters::prelude::*;

use super::super::super::error::{Problem, Result};

/// Size of a drawing, in its own units; a page makes it as wide as there is room.
const SIZE: (u32, u32) = (440, 190);

/// The style sheet finds these again and puts the page's own in their place, for light and dark.
const BAR: RGBColor = RGBColor(0xb8, 0x45, 0x0d);
const TEXT: RGBColor = RGBColor(0x63, 0x5c, 0x52);
const LINE: RGBColor = RGBColor(0xe2, 0xdd, 0xd5);

/// Marks of the axes, at most.
const DAYS_MARKED: usize = 8;
const SUMS_MARKED: usize = 5;

/// The days with their sums, as SVG. `text` says a sum in a few characters.
pub fn bars(days: &[(String, i64)], text: impl Fn(i64) -> String) -> Result<String> {
    let mut svg = String::new();
    draw(&mut svg, days, text).map_err(|error| Problem::internal(&*error))?;
    Ok(svg)
}

type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

fn draw(svg: &mut String, days: &[(String, i64)], text: impl Fn(i64) -> String) -> Outcome {
    let most = days.iter().map(|(_, sum)| *sum).max().unwrap_or(0).max(1);
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let font = ("sans-serif", 15).into_font().color(&TEXT);
    let mut chart = ChartBuilder::on(&area)
        .margin_top(8)
        .margin_right(4)
        .x_label_area_size(24)
        .y_label_area_size(62)
        .build_cartesian_2d((0..days.len()).into_segmented(), 0..most + most / 20)?;
    let day = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(at) | SegmentValue::Exact(at) => days.get(*at).map(|(day, _)| day.clone()),
        SegmentValue::Last => None,
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(LINE)
        .axis_style(LINE)
        .x_labels(DAYS_MARKED)
        .y_labels(SUMS_MARKED)
        .x_label_formatter(&|at| day(at).unwrap_or_default())
        .y_label_formatter(&|sum| text(*sum))
        .label_style(font)
        .draw()?;
    chart.draw_series(days.iter().enumerate().filter(|(_, (_, sum))| *sum > 0).map(|(at, (_, sum))| {
        let corners = [(SegmentValue::Exact(at), *sum), (SegmentValue::Exact(at + 1), 0)];
        let mut bar = Rectangle::new(corners, BAR.filled());
        bar.set_margin(0, 0, 1, 1);
        bar
    }))?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_with_a_sum_is_a_bar_and_nothing_is_styled_in_place() {
        let days: Vec<(String, i64)> =
            (1..=31).map(|day| (format!("{day:02}"), if day % 2 == 0 { day } else { 0 })).collect();
        let svg = bars(&days, |sum| format!("<{sum}>")).unwrap();
        assert_eq!(svg.matches("fill=\"#B8450D\"").count(), 15, "{svg}");
        assert!(svg.contains("#635C52") && svg.contains("#E2DDD5") && svg.contains("&lt;"), "{svg}");
        assert!(!svg.contains("style") && !svg.contains("script"), "the pages' policy forbids it");
        assert!(bars(&[], |sum| sum.to_string()).is_ok());
        assert!(bars(&[("01".into(), i64::MAX / 2)], |sum| sum.to_string()).is_ok());
    }
}
