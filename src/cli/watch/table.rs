//! The live table.
//!
//! ```text
//!   19 calls, customer 1 at http://127.0.0.1:50051/
//!   live
//!     EXT     TYPE       FROM           TO             SINCE     DURATION
//!   + 101     Incoming   15550100000    101            12:03:04  1:05
//!   3 more rows, ↑↓ moves, q quits
//! ```

use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::{DefaultTerminal, Frame};
use tokio::time::{MissedTickBehavior, interval};
use tokio_stream::StreamExt as _;

use super::board::{Board, Mark};
use super::columns;
use super::text::clean;
use super::words::{self, Now};
use crate::cli::Failure;
use crate::client::{CallWatcher, Freshness, State};

/// How often the table is drawn without an update: durations count seconds, and marks must disappear.
const TICK: Duration = Duration::from_millis(500);

/// The width of the sign of a change and the space after it.
const SIGN: usize = 2;

/// Puts the terminal back as it was, however the table ends; a panic does so through ratatui's hook.
struct Screen(DefaultTerminal);

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What is on the screen.
struct View<'t> {
    title: &'t str,
    state: State,
    board: Board,
    /// How many rows are above the window.
    scrolled: usize,
}

/// Shows the table until `q`, Ctrl-C, or the end of the watch.
pub(super) async fn show(mut watcher: CallWatcher, title: &str) -> Result<(), Failure> {
    let mut view = View {
        title,
        state: watcher.current(),
        board: Board::default(),
        scrolled: 0,
    };
    let failed = |error: std::io::Error| Failure::failed("the terminal", &error);
    let mut screen = Screen(ratatui::try_init().map_err(failed)?);
    let mut events = EventStream::new();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        view.board.sweep(Now::read().instant);
        screen.0.draw(|frame| view.draw(frame)).map_err(failed)?;
        tokio::select! {
            update = watcher.changed() => {
                let update = update.map_err(|status| Failure::Failed(words::refusal(&status)))?;
                view.board.apply(&update.changes, &update.state, Now::read().instant);
                view.state = update.state;
            }
            event = events.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    if view.press(key) {
                        return Ok(());
                    }
                }
                // A new size, or something of no interest: draw.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(failed(error)),
                None => return Ok(()),
            },
            _ = tick.tick() => {}
        }
    }
}

impl View<'_> {
    /// Takes a key; true if it ends the table.
    fn press(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return true,
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return true,
            KeyCode::Up | KeyCode::Char('k') => self.scrolled = self.scrolled.saturating_sub(1),
            // `draw` limits it to the rows that there are.
            KeyCode::Down | KeyCode::Char('j') => self.scrolled += 1,
            KeyCode::PageUp => self.scrolled = self.scrolled.saturating_sub(10),
            KeyCode::PageDown => self.scrolled += 10,
            KeyCode::Home => self.scrolled = 0,
            _ => {}
        }
        false
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        let now = Now::read();
        let [title, fresh, heading, body, foot] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        let (room, height) = (usize::from(body.width), usize::from(body.height));
        let columns = columns::layout(room.saturating_sub(SIGN));
        let is_live = self.state.freshness().is_live();

        let count = match self.state.calls() {
            Some(set) => format!("{} calls", set.calls().len()),
            None => "calls not known yet".to_owned(),
        };
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let text = format!("{count}, {}", clean(self.title));
        frame.render_widget(Line::styled(text, bold), title);
        let words = words::freshness(self.state.freshness(), now);
        frame.render_widget(Line::styled(words, of_freshness(self.state.freshness())), fresh);
        let underlined = Style::new().add_modifier(Modifier::UNDERLINED);
        frame.render_widget(
            Line::styled(format!("  {}", columns::heading(&columns)), underlined),
            heading,
        );

        let rows = self.board.rows();
        self.scrolled = self.scrolled.min(rows.len().saturating_sub(height));
        let window = rows.iter().skip(self.scrolled).take(height);
        for (row, area) in window.zip(body.rows()) {
            let text = format!("{} {}", sign(row.mark), columns::row(&row.call, &columns, now));
            frame.render_widget(Line::styled(text, of_row(row.mark, is_live)), area);
        }
        if rows.is_empty() {
            let text = match self.state.calls() {
                Some(_) => "no live calls",
                None => "waiting for the gateway",
            };
            frame.render_widget(Line::styled(text, Style::new().add_modifier(Modifier::DIM)), body);
        }
        let hidden = rows.len().saturating_sub(height);
        let keys = if hidden > 0 {
            format!("{hidden} more rows, ↑↓ moves, q quits")
        } else {
            "q quits".to_owned()
        };
        frame.render_widget(Line::styled(keys, Style::new().add_modifier(Modifier::DIM)), foot);
    }
}

fn of_freshness(freshness: &Freshness) -> Style {
    match freshness {
        Freshness::Live => Style::new().fg(Color::Green),
        Freshness::Stale(_) => Style::new().fg(Color::Yellow),
        _ => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
    }
}

/// What changed, for terminals without colours and for people who cannot tell them apart.
fn sign(mark: Option<Mark>) -> char {
    match mark {
        None => ' ',
        Some(Mark::Started) => '+',
        Some(Mark::Updated) => '~',
        Some(Mark::Ended) => '-',
    }
}

fn of_row(mark: Option<Mark>, is_live: bool) -> Style {
    let style = match mark {
        None => Style::new(),
        Some(Mark::Started) => Style::new().fg(Color::Green).add_modifier(Modifier::BOLD),
        Some(Mark::Updated) => Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD),
        Some(Mark::Ended) => Style::new().add_modifier(Modifier::DIM | Modifier::CROSSED_OUT),
    };
    if is_live {
        style
    } else {
        style.add_modifier(Modifier::DIM)
    }
}
