//! Certificates at hand that the server may want to see of the client.

use super::certificates::is_believed;
use super::shelf::{self, Item};
use super::{Case, Way, answers, with_tls_options};

/// How many certificates are shown to the server.
const MOST: usize = 8;

/// A certificate of a client that the server accepts.
pub(super) async fn at_hand(case: &Case<'_>) -> Vec<Way> {
    if !is_believed(case).await {
        return Vec::new();
    }
    let pairs = shelf::items(case).into_iter().filter(is_of_client);
    let pairs = pairs.filter_map(|item| item.key().map(|key| (item.path, key)));
    for (cert, key) in pairs.take(MOST) {
        let said = format!("the server accepts the certificate {}", cert.display());
        let there = with_tls_options(&case.endpoint, |options| {
            (options.identity, options.pkcs12) = (Some((cert, key)), None);
            options.key_password = None;
        });
        if let Some(there) = there
            && answers(&there).await
        {
            return vec![Way::new(said, case.line(&there))];
        }
    }
    Vec::new()
}

fn is_of_client(item: &Item) -> bool {
    item.facts.extended_key_usage.iter().any(|usage| usage == "clientAuth")
}
