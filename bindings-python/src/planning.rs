//! Planning: repeated posts, the queue, drafts and their approval, tables.

mod drafts;
mod queue;
mod repeat;
mod repeated;
mod tables;

pub(crate) use self::drafts::PyDrafts;
pub(crate) use self::queue::PyQueue;
pub(crate) use self::repeat::{PyRepeat, weekday_name};
pub(crate) use self::repeated::PyRepeatedPosts;
pub(crate) use self::tables::PyTables;
