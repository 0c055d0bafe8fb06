//! What the simulated account can choose from.

use serde_json::{Value, json};

use super::answer::{Answer, Call, Refusal, one, page};
use super::state::State;

/// Slug, name, whether anything can be made there.
const REGIONS: [(&str, &str, bool); 3] =
    [("fra1", "Frankfurt 1", true), ("nyc3", "New York 3", true), ("sfo1", "San Francisco 1", false)];

pub(super) struct Size {
    pub(super) slug: &'static str,
    vcpus: u32,
    memory: u32,
    pub(super) disk: u32,
    monthly: f64,
    hourly: f64,
    regions: &'static [&'static str],
    available: bool,
}

const SIZES: [Size; 5] = [
    size("s-1vcpu-1gb", 1, 1024, 25, (6.0, 0.008_93), &["fra1", "nyc3"], true),
    size("s-2vcpu-2gb", 2, 2048, 60, (18.0, 0.026_79), &["fra1", "nyc3"], true),
    size("s-4vcpu-8gb", 4, 8192, 160, (48.0, 0.071_43), &["nyc3"], true),
    size("s-1vcpu-512mb-10gb", 1, 512, 10, (4.0, 0.005_95), &[], false),
    size("gpu-h100x1-80gb", 20, 245_760, 720, (2268.0, 3.39), &["fra1"], true),
];

const fn size(
    slug: &'static str,
    vcpus: u32,
    memory: u32,
    disk: u32,
    (monthly, hourly): (f64, f64),
    regions: &'static [&'static str],
    available: bool,
) -> Size {
    Size { slug, vcpus, memory, disk, monthly, hourly, regions, available }
}

pub(super) fn find_size(slug: &str) -> Option<&'static Size> {
    static ALL: [Size; 5] = SIZES;
    ALL.iter().find(|size| size.slug == slug)
}

impl Size {
    pub(super) fn is_in(&self, region: &str) -> bool {
        self.regions.contains(&region)
    }

    pub(super) fn json(&self) -> Value {
        let mut value = json!({
            "slug": self.slug, "vcpus": self.vcpus, "memory": self.memory, "disk": self.disk, "transfer": 1.0,
            "price_monthly": self.monthly, "price_hourly": self.hourly, "regions": self.regions,
            "available": self.available, "description": "Basic",
        });
        if self.slug.starts_with("gpu-") {
            value["gpu_info"] =
                json!({"count": 1, "model": "nvidia_h100", "vram": {"amount": 80, "unit": "gib"}});
        }
        value
    }
}

pub(super) fn region(slug: &str) -> Option<Value> {
    let (slug, name, available) = REGIONS.iter().find(|(known, ..)| *known == slug)?;
    let sizes: Vec<_> = SIZES.iter().filter(|size| size.is_in(slug)).map(|size| size.slug).collect();
    Some(
        json!({"slug": slug, "name": name, "available": available, "sizes": sizes, "features": ["metadata", "ipv6"]}),
    )
}

/// An image of DigitalOcean's or of the account.
#[derive(Debug, Clone)]
pub(super) struct Image {
    pub(super) id: u64,
    pub(super) slug: Option<&'static str>,
    pub(super) distribution: &'static str,
    pub(super) name: String,
    pub(super) regions: Vec<&'static str>,
    pub(super) min_disk: u32,
    pub(super) created_at: String,
    pub(super) status: &'static str,
    pub(super) is_application: bool,
}

impl Image {
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id, "slug": self.slug, "distribution": self.distribution, "name": self.name,
            "public": self.slug.is_some(), "regions": self.regions, "min_disk_size": self.min_disk,
            "size_gigabytes": 2.4, "created_at": self.created_at, "status": self.status, "type": "base",
            "description": "", "tags": [], "error_message": "",
        })
    }
}

pub(super) fn images() -> Vec<Image> {
    let image = |id, slug, distribution, name: &str, created_at: &str| Image {
        id,
        slug: Some(slug),
        distribution,
        name: name.to_owned(),
        regions: vec!["fra1", "nyc3"],
        min_disk: 7,
        created_at: created_at.to_owned(),
        status: "available",
        is_application: false,
    };
    let mut images = vec![
        image(141_001, "debian-12-x64", "Debian", "12 x64", "2026-03-01T10:00:00Z"),
        image(141_002, "debian-13-x64", "Debian", "13 x64", "2026-09-01T10:00:00Z"),
        image(141_003, "ubuntu-24-04-x64", "Ubuntu", "24.04 (LTS) x64", "2026-08-01T10:00:00Z"),
        image(141_004, "plan9-4-x64", "Unknown", "Plan 9 x64", "2026-01-01T10:00:00Z"),
        image(141_005, "docker-20-04", "Ubuntu", "Docker on Ubuntu", "2026-01-01T10:00:00Z"),
    ];
    images[3].status = "retired";
    images[4].is_application = true;
    images
}

impl State {
    pub(super) fn regions(&self, call: &Call) -> Answer {
        self.page(call, "regions", REGIONS.iter().filter_map(|(slug, ..)| region(slug)).collect())
    }

    pub(super) fn sizes(&self, call: &Call) -> Answer {
        self.page(call, "sizes", SIZES.iter().map(Size::json).collect())
    }

    pub(super) fn find_image(&self, reference: &str) -> Option<&Image> {
        let number = reference.parse().ok();
        self.images.iter().find(|image| Some(image.id) == number || image.slug == Some(reference))
    }

    pub(super) fn image(&self, reference: &str) -> Answer {
        one(200, "image", self.find_image(reference).ok_or_else(Refusal::missing)?.json())
    }

    pub(super) fn list_images(&self, call: &Call) -> Answer {
        let wants = |name: &str| call.query.get(name).map(String::as_str).unwrap_or_default();
        let fits = |image: &&Image| match (wants("type"), wants("private")) {
            (_, "true") => image.slug.is_none(),
            ("application", _) => image.is_application,
            ("distribution", _) => !image.is_application && image.slug.is_some(),
            _ => true,
        };
        self.page(call, "images", self.images.iter().filter(fits).map(Image::json).collect())
    }

    pub(super) fn page(&self, call: &Call, key: &str, items: Vec<Value>) -> Answer {
        page(call, key, items, self.page_size)
    }
}
