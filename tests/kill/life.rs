//! The children that bring one job to its end, one after the other.

use std::time::{Duration, Instant};

use byop_core::id::JobId;
use byop_core::model::{Job, JobFilter, JobState, Subject};
use byop_core::store::{Scope, SqliteStore, Store};

use crate::child::{Child, Orders, Place, Task, Word};
use crate::load::now;
use crate::tally::Tally;
use crate::verb::{Kind, Verb};

/// How a job is killed.
pub enum Kills {
    /// Nowhere.
    None,
    /// At places where none of its kind has been killed, at most so many times.
    Boundaries(u32),
    /// After these shares of the time that such a job takes, each counted from where its child has the job.
    Moments(Vec<f64>),
}

/// One job, from its order to its end.
pub struct Lives<'a, K> {
    pub place: &'a Place,
    pub store: &'a SqliteStore,
    pub tally: &'a Tally<K>,
    pub op: K,
    pub subject: Subject,
    /// What was done to the job, for the report of a failure.
    pub history: &'a mut Vec<String>,
}

impl<K: Kind> Lives<'_, K> {
    /// Has the job done, however often its children are killed; gives it as it ended, and how often they were.
    pub async fn run(self, verb: &Verb, kills: &mut Kills) -> Result<(Job, u32), String> {
        let began = Instant::now();
        let earlier = self.newest_job().await.map(|job| job.id);
        let mut job = None;
        let mut deaths = 0;
        loop {
            let task = job.clone().map_or_else(|| Task::Submit(verb.clone()), Task::Resume);
            let killed = self.one_life(task, kills).await?;
            // A job that was not acknowledged is there as a whole, or not at all.
            let newest = self.newest_job().await.filter(|job| Some(&job.id) != earlier.as_ref());
            let state = newest.as_ref().map(|job| job.state);
            job = newest.map(|job| job.id);
            self.history.push(format!("{:.3}: {killed:?}, then {job:?} {state:?}", now()));
            deaths += u32::from(killed.is_some());
            if state.is_some_and(JobState::is_finished) {
                break;
            }
        }
        let job = self.get_job(&job.unwrap_or_else(|| unreachable!("a job that ended is there"))).await?;
        self.tally.with(|counts| {
            let counts = counts.by_op.entry(self.op).or_default();
            counts.jobs += 1;
            counts.longest = counts.longest.max(began.elapsed());
        });
        Ok((job, deaths))
    }

    /// Starts a child and lets it work until its job ends or it is killed; says where it was killed.
    async fn one_life(&self, task: Task, kills: &mut Kills) -> Result<Option<String>, String> {
        let resumes = matches!(task, Task::Resume(_));
        let orders = Orders {
            place: self.place.clone(),
            subject: self.subject.clone(),
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
                        self.tally.with(|counts| {
                            counts.by_op.entry(self.op).or_default().random_kills += u32::from(running);
                        });
                        return Ok(Some(said.clone()));
                    }
                },
                None => child.next().await?,
            };
            match (word, &mut *kills) {
                // A job that is taken over begins when its lease has ended, a new one at once.
                (Word::Ready, Kills::Moments(shares)) if !resumes => moment = self.moment(shares),
                (Word::Claimed, Kills::Moments(shares)) if resumes && moment.is_none() => {
                    moment = self.moment(shares);
                }
                (Word::At(place), Kills::Boundaries(left))
                    if *left > 0 && self.tally.is_new(self.op, &place) =>
                {
                    child.kill().await?;
                    *left -= 1;
                    self.tally.with(|counts| counts.by_op.entry(self.op).or_default().boundary_kills += 1);
                    return Ok(Some(place));
                }
                (Word::At(_), _) => child.go().await?,
                (Word::Ended, _) => {
                    child.kill().await?;
                    if !resumes && moment.is_none() {
                        self.tally.with(|counts| {
                            counts.usual.entry(self.op).or_insert(started.elapsed());
                        });
                    }
                    return Ok(None);
                }
                (Word::Ready | Word::Claimed, _) => {}
            }
        }
    }

    fn moment(&self, shares: &mut Vec<f64>) -> Option<(tokio::time::Instant, String)> {
        let share = shares.pop()?;
        let usual = self.tally.with(|counts| counts.usual.get(&self.op).copied());
        let delay = usual.unwrap_or(Duration::from_secs(2)).mul_f64(share);
        Some((tokio::time::Instant::now() + delay, format!("at {share:.3} of its time, after {delay:.0?}")))
    }

    async fn get_job(&self, id: &JobId) -> Result<Job, String> {
        self.store.get_job(&Scope::Platform, id).await.map_err(|error| error.to_string())
    }

    async fn newest_job(&self) -> Option<Job> {
        let filter = JobFilter::all().with_subject(self.subject.clone());
        self.store.list_jobs(&Scope::Platform, &filter).await.unwrap_or_default().into_iter().next()
    }
}
