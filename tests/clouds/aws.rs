//! Amazon.

use std::sync::Arc;

use byop_cloud::aws::Aws;
use byop_cloud::testing::aws::AwsSimulator;

use crate::vendors::Vendor;

pub(crate) fn vendor() -> Vendor {
    Vendor {
        region: "eu-west-3",
        size: "t3.micro",
        image: "debian-12",
        simulator: || Arc::new(AwsSimulator::new().with_page_size(2)),
        provider: |transport, clock| {
            let aws = Aws::from_options(&AwsSimulator::options()).unwrap();
            Arc::new(aws.with_transport(transport).with_clock(clock))
        },
    }
}
