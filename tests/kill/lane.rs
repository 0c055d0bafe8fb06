//! One app, and the children that work on it one after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use byop_core::id::JobId;
use byop_core::model::{AppName, AppSpec, Job, JobFilter, JobState};
use byop_core::store::{Scope, Store};

use crate::check;
use crate::child::{Child, Orders, Task, Word};
use crate::load::{Load, now};
use crate::seeds::Seeds;
use crate::verb::{Op, Verb};
use crate::world::{World, host};

/// A job with all its deaths has so long to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a job is killed.
pub enum Kills {
    /// Nowhere.
    None,
    /// At places where none of its kind has been killed, at most so many times.
    Boundaries(u32),
    /// After these shares of the time that such a job takes, each counted from where its child has the job.
    Moments(Vec<f64>),
}

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
        let began = Instant::now();
        let earlier = self.newest_job().await.map(|job| job.id);
        let mut job = None;
        let mut deaths = 0;
        loop {
            let task = job.clone().map_or_else(|| Task::Submit(verb.clone()), Task::Resume);
            let killed = self.one_life(op, task, &mut kills).await?;
            // A job that was not acknowledged is there as a whole, or not at all.
            let newest = self.newest_job().await.filter(|job| Some(&job.id) != earlier.as_ref());
            let state = newest.as_ref().map(|job| job.state);
            job = newest.map(|job| job.id);
            self.note(format!("{:.3}: {killed:?}, then {job:?} {state:?}", now()));
            deaths += u32::from(killed.is_some());
            if state.is_some_and(JobState::is_finished) {
                break;
            }
        }
        let job = self.get_job(&job.unwrap_or_else(|| unreachable!("a job that ended is there"))).await?;
        self.world.tally.with(|counts| {
            let counts = counts.by_op.entry(op).or_default();
            counts.jobs += 1;
            counts.longest = counts.longest.max(began.elapsed());
        });
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

    /// Starts a child and lets it work until its job ends or it is killed; says where it was killed.
    async fn one_life(&mut self, op: Op, task: Task, kills: &mut Kills) -> Result<Option<String>, String> {
        let resumes = matches!(task, Task::Resume(_));
        let orders = Orders {
            place: self.world.place.clone(),
            app: self.app.clone(),
            task,
            asks: matches!(kills, Kills::Boundaries(_)),
            takes_all: matches!(kills, Kills::Moments(_)),
        };
        let mut child = Child::start(&orders).map_err(|error| error.to_string())?;
        let started = Instant::now();
        let mut moment: Option<(tokio::time::Instant, String)> = None;
        loop {
            let word = match &moment {
                Some((at, said)) => match tokio::time::timeout_at(*at, child.next()).await {
                    Ok(word) => word?,
                    Err(_) => {
                        child.kill().await?;
                        let running = self.newest_job().await.is_some_and(|job| !job.state.is_finished());
                        self.world.tally.with(|counts| {
                            counts.by_op.entry(op).or_default().random_kills += u32::from(running);
                        });
                        return Ok(Some(said.clone()));
                    }
                },
                None => child.next().await?,
            };
            match (word, &mut *kills) {
                // A job that is taken over begins when its lease has ended, a new one at once.
                (Word::Ready, Kills::Moments(shares)) if !resumes => moment = self.moment(op, shares),
                (Word::Claimed, Kills::Moments(shares)) if resumes && moment.is_none() => {
                    moment = self.moment(op, shares);
                }
                (Word::At(place), Kills::Boundaries(left))
                    if *left > 0 && self.world.tally.is_new(op, &place) =>
                {
                    child.kill().await?;
                    *left -= 1;
                    self.world.tally.with(|counts| counts.by_op.entry(op).or_default().boundary_kills += 1);
                    return Ok(Some(place));
                }
                (Word::At(_), _) => child.go().await?,
                (Word::Ended, _) => {
                    child.kill().await?;
                    if !resumes && moment.is_none() {
                        self.world.tally.with(|counts| {
                            counts.usual.entry(op).or_insert(started.elapsed());
                        });
                    }
                    return Ok(None);
                }
                (Word::Ready | Word::Claimed, _) => {}
            }
        }
    }

    fn moment(&self, op: Op, shares: &mut Vec<f64>) -> Option<(tokio::time::Instant, String)> {
        let share = shares.pop()?;
        let usual = self.world.tally.with(|counts| counts.usual.get(&op).copied());
        let delay = usual.unwrap_or(Duration::from_secs(2)).mul_f64(share);
        Some((tokio::time::Instant::now() + delay, format!("at {share:.3} of its time, after {delay:.0?}")))
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

    fn note(&mut self, line: String) {
        self.history.push(line);
    }

    async fn get_job(&self, id: &JobId) -> Result<Job, String> {
        self.world.store.get_job(&Scope::Platform, id).await.map_err(|error| error.to_string())
    }

    async fn newest_job(&self) -> Option<Job> {
        let filter = JobFilter::all().with_app(self.app.clone());
        self.world.store.list_jobs(&Scope::Platform, &filter).await.unwrap_or_default().into_iter().next()
    }
}
