//! One app, and the children that work on it one after the other.

use std::sync::Arc;
use std::time::Duration;

use byop_core::model::{AppName, AppSpec, JobState};

use crate::check;
use crate::life::{Kills, Lives};
use crate::load::{Load, now};
use crate::seeds::Seeds;
use crate::verb::{Kind, Op, Verb};
use crate::world::{World, host};

/// A job with all its deaths has so long to end.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Lane {
    pub world: Arc<World>,
    pub number: usize,
    pub app: AppName,
    /// What serves; what would serve again if it is stopped or removed.
    pub spec: AppSpec,
    /// What served before, with what its source said.
    previous: Option<(AppSpec, u64)>,
    pub exists: bool,
    pub runs: bool,
    /// The number of the release that serves.
    pub release: u64,
    pub next_release: u64,
    /// Counts configurations and sources, so that no two are equal.
    edits: u64,
    /// What the source says.
    source: u64,
    /// What it said when the serving release was made.
    pub text: u64,
    pub load: Load,
    pub seeds: Seeds,
    /// What was done to the job, for the report of a failure.
    history: Vec<String>,
}

impl Lane {
    pub fn new(world: &Arc<World>, number: usize, seeds: Seeds) -> Self {
        let spec = world.spec(number);
        let app = spec.name.clone();
        Self {
            world: Arc::clone(world),
            number,
            load: Load::start(world.place.port, host(&app)),
            app,
            spec,
            previous: None,
            exists: false,
            runs: false,
            release: 0,
            next_release: 1,
            edits: 0,
            source: 0,
            text: 0,
            seeds,
            history: Vec::new(),
        }
    }

    /// Whether such a job makes sense now.
    pub fn can(&self, op: Op) -> bool {
        match op {
            Op::Deploy => !self.exists,
            Op::Start => self.exists && !self.runs,
            Op::Update | Op::Rebuild | Op::BadUpdate | Op::Restart | Op::Stop => self.exists && self.runs,
            Op::Rollback => self.runs && self.previous.is_some(),
            Op::Remove => self.exists,
        }
    }

    /// Has a job done, however often its children are killed, and checks what is left. Says whether it was killed.
    pub async fn perform(&mut self, op: Op, kills: Kills) -> Result<bool, String> {
        self.history.clear();
        let began = now();
        let done = tokio::time::timeout(PATIENCE, self.perform_in_time(op, kills)).await;
        let done = done.unwrap_or_else(|_| Err(format!("it did not end within {PATIENCE:?}")));
        let Err(why) = done else { return done };
        let mut lines = vec![format!("{} of {}: {why}", op.name(), self.app)];
        lines.append(&mut self.history);
        lines.push("what its containers did meanwhile:".into());
        lines.extend(self.world.events(&self.app, began).await);
        lines.push("requests:".into());
        lines.extend(self.load.counts().first);
        Err(lines.join("\n  "))
    }

    async fn perform_in_time(&mut self, op: Op, mut kills: Kills) -> Result<bool, String> {
        let (verb, wanted) = self.order(op);
        self.load.expect(self.runs && op.is_seamless());
        self.load.replacing(op.is_seamless());
        let lives = Lives {
            place: &self.world.place,
            store: &self.world.store,
            tally: &self.world.tally,
            op,
            subject: self.app.clone().into(),
            history: &mut self.history,
        };
        let (job, deaths) = lives.run(&verb, &mut kills).await?;
        if job.state != wanted {
            return Err(format!("the job ended as {:?}, not {wanted:?}: {:?}", job.state, job.error));
        }
        self.note_end(op, &verb);
        check::all(self, &job).await?;
        self.load.expect(self.runs);
        self.load.replacing(false);
        let failed = self.load.counts().failed;
        if !failed.is_empty() {
            return Err(format!("requests failed while the app was to answer: {failed:?}"));
        }
        Ok(deaths > 0)
    }

    /// The order for a job, and how that is to end.
    fn order(&mut self, op: Op) -> (Verb, JobState) {
        self.edits += 1;
        let edited = |lane: &Self| {
            lane.spec
                .clone()
                .with_env("APP_VERSION", lane.edits.to_string())
                .unwrap_or_else(|_| unreachable!())
        };
        match op {
            Op::Deploy | Op::Update => (Verb::Deploy(Box::new(edited(self))), JobState::Succeeded),
            Op::Rebuild => {
                self.source = self.edits;
                self.world.edit(&self.spec, self.source);
                (Verb::Deploy(Box::new(self.spec.clone())), JobState::Succeeded)
            }
            Op::BadUpdate => {
                let mut spec = edited(self);
                spec.health.path = Some("/there-is-no-such-page".into());
                spec.health.deadline_seconds = 1;
                (Verb::Deploy(Box::new(spec)), JobState::Failed)
            }
            Op::Rollback => (Verb::Rollback, JobState::Succeeded),
            Op::Restart => (Verb::Restart, JobState::Succeeded),
            Op::Stop => (Verb::Stop, JobState::Succeeded),
            Op::Start => (Verb::Start, JobState::Succeeded),
            Op::Remove => (Verb::Remove, JobState::Succeeded),
        }
    }

    /// What is to be found from now on.
    fn note_end(&mut self, op: Op, verb: &Verb) {
        match op {
            Op::Deploy | Op::Update | Op::Rebuild | Op::Rollback => {
                let before = self.exists.then(|| (self.spec.clone(), self.text));
                (self.spec, self.text) = match verb {
                    Verb::Deploy(spec) => ((**spec).clone(), self.source),
                    _ => self.previous.take().unwrap_or_else(|| unreachable!("it was asked before")),
                };
                self.previous = before;
                self.release = self.next_release;
                self.next_release += 1;
                (self.exists, self.runs) = (true, true);
            }
            // Its number is spent.
            Op::BadUpdate => self.next_release += 1,
            Op::Restart | Op::Start => self.runs = true,
            Op::Stop => self.runs = false,
            Op::Remove => {
                (self.exists, self.runs) = (false, false);
                (self.release, self.next_release, self.previous) = (0, 1, None);
            }
        }
    }
}
