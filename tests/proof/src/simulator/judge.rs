//! What must hold after every happening.

use threads_client::PostId;
use threads_monitor::publishing::Phase;

use super::meta::Made;
use super::store::Job;

/// What is broken of a post, if anything is.
pub(super) fn broken(jobs: &[Job], made: &[Made]) -> Option<String> {
    let mut live = vec![0_usize; jobs.len()];
    let mut family = vec![0_usize; jobs.len()];
    for container in made {
        live[container.job] += container.posts.len();
        family[jobs[container.job].root] += container.posts.len();
    }
    let of = |id: usize, what: &str| Some(format!("post {id}: {what}"));
    for (id, job) in jobs.iter().enumerate() {
        if family[id] > 1 {
            return of(id, "S1: two live posts");
        }
        match &job.post.phase {
            Phase::Failed { .. } | Phase::Cancelled { .. } | Phase::Missed { .. }
                if live[id] > 0 =>
            {
                return of(id, "S2: reported as not live, and live");
            }
            Phase::Published { media_id, .. } => {
                if live[id] == 0 {
                    return of(id, "S3: reported as published, and not live");
                }
                let is_ours = |wanted: &PostId| {
                    made.iter()
                        .filter(|container| container.job == id)
                        .any(|container| container.posts.iter().any(|live| live.id == *wanted))
                };
                if media_id.as_ref().is_some_and(|wanted| !is_ours(wanted)) {
                    return of(id, "S5: bound to the post of another");
                }
            }
            _ => {}
        }
        if live[id] > 0 {
            let text = job.post.draft.text.as_deref();
            let is_outdated = |container: &Made| {
                container.job == id
                    && !container.posts.is_empty()
                    && Some(container.text.as_str()) != text
            };
            if made.iter().any(is_outdated) {
                return of(id, "S4: live with outdated content");
            }
        }
        if !job.post.phase.is_final() && job.due().is_none() {
            return of(id, "silent: nothing will happen to it any more");
        }
        if job.endings != u32::from(job.post.phase.is_final()) {
            return of(id, "its ending was not told once");
        }
    }
    None
}
