//! What users and the world do.

use std::time::Duration;

use byop_core::Result;
use byop_core::engine::Engine;
use byop_core::id::JobId;
use byop_core::model::{
    AppName, AppSpec, EnvName, ImageRef, PortSpec, Protocol, Source, UserSpec, VolumeSpec,
};
use byop_core::secret::SecretRef;
use byop_core::stage::Data;
use byop_core::store::WhenBusy;
use byop_core::testing::simulation::Random;

/// Images that serve, and those that do not.
pub const GOOD: &[&str] = &["shop:1", "shop:2", "slow:1", "stubborn:1"];
pub const BAD: &[&str] = &["bad-exits:1", "bad-silent:1", "bad-port:1", "bad-start:1"];

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Operation {
    Deploy(Box<AppSpec>),
    Stop(AppName),
    Start(AppName),
    Restart(AppName),
    Remove(AppName, Data),
    /// The last of the jobs that were acknowledged, counted from the end.
    Cancel(u64),
    Kill,
    Freeze(Duration),
    Jump(i64),
}

impl Operation {
    pub fn draw(random: &Random, apps: &[AppName], jumps: bool) -> Self {
        let app = random.one_of(apps).clone();
        match random.below(100) {
            0..38 => Self::Deploy(Box::new(spec(random, &app, GOOD))),
            38..50 => Self::Deploy(Box::new(spec(random, &app, BAD))),
            50..56 => Self::Stop(app),
            56..62 => Self::Start(app),
            62..68 => Self::Restart(app),
            68..76 => Self::Remove(app, if random.in_thousand(500) { Data::Keep } else { Data::Delete }),
            76..84 => Self::Cancel(random.below(3)),
            84..92 => Self::Kill,
            92..96 => Self::Freeze(Duration::from_secs(random.between(5, 120))),
            _ if jumps => {
                let hours = *random.one_of(&[-24 * 365, -24, -1, 1, 24, 24 * 3650]);
                Self::Jump(hours * 3_600_000 + i64::try_from(random.below(60_000)).unwrap())
            }
            _ => Self::Kill,
        }
    }

    /// Asks an engine for it.
    pub async fn ask(self, engine: &Engine, busy: WhenBusy, jobs: &[JobId]) -> Result<Option<JobId>> {
        let engine = engine.when_busy(busy);
        match self {
            Self::Deploy(spec) => engine.deploy(*spec).await.map(Some),
            Self::Stop(app) => engine.stop(&app).await.map(Some),
            Self::Start(app) => engine.start(&app).await.map(Some),
            Self::Restart(app) => engine.restart(&app).await.map(Some),
            Self::Remove(app, data) => engine.remove(&app, data).await.map(Some),
            Self::Cancel(back) => {
                let back = usize::try_from(back).unwrap();
                let Some(job) = jobs.iter().rev().nth(back) else { return Ok(None) };
                engine.cancel(job).await.map(|()| None)
            }
            Self::Kill | Self::Freeze(_) | Self::Jump(_) => Ok(None),
        }
    }
}

fn spec(random: &Random, app: &AppName, images: &[&str]) -> AppSpec {
    let image = ImageRef::new(*random.one_of(images)).unwrap();
    let mut spec = AppSpec::new(app.as_str(), Source::Image(image)).unwrap().with_port(8080);
    spec = spec.with_domain(format!("{app}.example.com")).unwrap();
    if random.in_thousand(200) {
        spec = spec.with_domain(format!("www.{app}.example.com")).unwrap();
    }
    spec.health.deadline_seconds = 8;
    spec.routing.drain_seconds = u32::try_from(random.below(3) * 4).unwrap();
    spec.env.insert(EnvName::new("VERSION").unwrap(), random.below(3).to_string());
    // A program can only print a secret that it was given.
    if spec.source == Source::Image(ImageRef::new("bad-exits:1").unwrap()) || random.in_thousand(500) {
        spec.secrets.insert(EnvName::new("TOKEN").unwrap(), SecretRef("token".into()));
    }
    if random.in_thousand(300) {
        spec.user = Some(UserSpec { uid: 1000, gid: 1000 });
        spec.volumes = vec![VolumeSpec { name: AppName::new("data").unwrap(), path: "/data".into() }];
    }
    if random.in_thousand(200) {
        spec.ports = vec![PortSpec {
            name: AppName::new("sql").unwrap(),
            protocol: Protocol::Tcp,
            container_port: 5432,
            host_port: None,
        }];
    }
    spec
}
