//! `POST /graphql`: documents of searches, many in one request.
//!
//! | file | what lives in it |
//! | --- | --- |
//! | `document` | reading a document, validating it against the schema, executing it |
//! | `cost` | what a document costs, in points and in time |
//! | `fault` | scripted faults |
//! | `desk` | the decision about a document |
//! | `executed` | a good answer as a value, and how faults alter it |
//! | `bodies` | what is said instead of one |
//! | `seen` | what is remembered |

mod bodies;
mod cost;
mod desk;
mod document;
mod executed;
mod fault;
mod seen;

pub(crate) use self::{
    cost::TimeModel,
    desk::{Desk, House},
    fault::{GraphqlFault, GraphqlReply},
    seen::{Noted, SeenGraphql},
};
