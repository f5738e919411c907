/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "rules-model.h"
#include "test-util.h"

/* Every case of section 3 of the design: a task with one to three dependencies, of every kind, with
 * every rule, which end in every way and in every order. What has to come of it says the model.
 */

typedef enum {
  KIND_INPUT,
  KIND_RAW_INPUT,
  KIND_PREREQUISITE,
  N_KINDS,
} Kind;

#define N_RULES    3
#define N_TRIGGERS 3

typedef enum {
  END_VALUE,
  END_FAILURE,
  END_SKIP_BY_FAILURE,
  END_CANCELLED,
  END_SKIP_BY_CANCELLATION,
  END_DECLINED,
  END_SKIP_AS_NOT_NEEDED,
  N_ENDINGS,
} Ending;

typedef enum {
  BUILT_AT_ONCE,
  BUILT_IN_STEPS,  /* held, and one dependency after the other in dispatches of their own */
  N_BUILDS,
} Build;

/* What happens, in the order of a case. */
typedef enum {
  STEP_ATTACH,  /* all of them, if the task is built at once */
  STEP_FINISH,
  STEP_SETTLE,  /* of a dependency that settles later than it finishes */
  N_STEPS,
} StepKind;

typedef struct {
  guint8 kind;
  guint8 edge;
} Step;

#define MAX_EDGES MODEL_MAX_EDGES
#define MAX_STEPS (MAX_EDGES * N_STEPS)

typedef struct {
  Kind     kind;
  DagRule  rule;
  Ending   ending;
  gboolean lags;  /* whether it settles later than it finishes */
} EdgeCase;

typedef struct {
  guint      n_edges;
  EdgeCase   edges[MAX_EDGES];
  DagTrigger trigger;
  Build      build;
  gboolean   burst;   /* everything in the same dispatch */
  gboolean   shared;  /* all edges are to one dependency, the first */
  Step       steps[MAX_STEPS];
  guint      n_steps;
} Case;

/* A dependency, and what has it end as the case wants it. */
typedef struct {
  DagTask  *task;
  DagTask  *cause;   /* (nullable): what it is skipped for */
  DagTask  *lag;     /* (nullable): what it settles after */
  DagTask  *origin;  /* (unowned): where its end began */
  gboolean  finished;
  gboolean  settled;
} Dependency;

static guint
case_get_n_dependencies (const Case *c)
{
  return c->shared ? 1 : c->n_edges;
}

/* Which dependency an edge is to. */
static guint
case_get_dependency (const Case *c,
                     guint       edge)
{
  return c->shared ? 0 : edge;
}

static gboolean
edge_is_input (const EdgeCase *edge)
{
  return edge->kind != KIND_PREREQUISITE;
}

/* An input with another rule than SUCCEEDED is always raw. */
static gboolean
edge_is_raw (const EdgeCase *edge)
{
  return edge->kind == KIND_RAW_INPUT ||
         (edge->kind == KIND_INPUT && edge->rule != DAG_RULE_SUCCEEDED);
}

/* The dependencies */

static DagReason
ending_get_reason (Ending ending)
{
  switch (ending)
    {
    case END_FAILURE:
    case END_SKIP_BY_FAILURE:
      return DAG_REASON_FAILURE;
    case END_CANCELLED:
    case END_SKIP_BY_CANCELLATION:
      return DAG_REASON_CANCELLATION;
    case END_DECLINED:
    case END_SKIP_AS_NOT_NEEDED:
      return DAG_REASON_NOT_NEEDED;
    case END_VALUE:
    case N_ENDINGS:
    default:
      return DAG_REASON_NONE;
    }
}

static DagState
ending_get_state (Ending ending)
{
  switch (ending)
    {
    case END_VALUE:
      return DAG_STATE_SUCCEEDED;
    case END_FAILURE:
      return DAG_STATE_FAILED;
    case END_CANCELLED:
      return DAG_STATE_CANCELLED;
    case END_SKIP_BY_FAILURE:
    case END_SKIP_BY_CANCELLATION:
    case END_DECLINED:
    case END_SKIP_AS_NOT_NEEDED:
    case N_ENDINGS:
    default:
      return DAG_STATE_SKIPPED;
    }
}

static void
never_run (DagTask  *task,
           gpointer  user_data)
{
  g_assert_not_reached ();
}

static void
add_prerequisite (DagTask *task,
                  DagTask *dependency,
                  DagRule  rule)
{
  g_autoptr (GError) error = NULL;

  dag_task_add_prerequisite (task, dependency, rule, &error);
  g_assert_no_error (error);
}

/* Has a task finish by its own body and settle after @lag: ANY starts it beside an input that is
 * not there yet.
 */
static void
start_beside (DagTask *task,
              DagTask *lag)
{
  g_autoptr (DagTask) ready = dag_task_new_for_value (NULL);
  g_autoptr (GError) error = NULL;

  dag_task_set_trigger (task, DAG_TRIGGER_ANY);
  dag_task_add_raw_input (task, ready, DAG_RULE_SUCCEEDED, &error);
  g_assert_no_error (error);
  dag_task_add_raw_input (task, lag, DAG_RULE_SUCCEEDED, &error);
  g_assert_no_error (error);
}

static void
dependency_init (Dependency     *self,
                 const EdgeCase *edge)
{
  *self = (Dependency) { NULL, };

  if (edge->lags && edge->ending != END_CANCELLED)
    self->lag = dag_task_new (test_body_pending, NULL, NULL);

  switch (edge->ending)
    {
    case END_SKIP_BY_FAILURE:
    case END_SKIP_BY_CANCELLATION:
    case END_SKIP_AS_NOT_NEEDED:
      self->task = dag_task_new (never_run, NULL, NULL);
      self->cause = dag_task_new (test_body_pending, NULL, NULL);
      self->origin = self->cause;

      if (edge->ending != END_SKIP_AS_NOT_NEEDED || edge->lags)
        {
          add_prerequisite (self->task, self->cause, DAG_RULE_SUCCEEDED);
        }
      else
        {
          /* Nobody is to blame when what was to be undone went well. */
          add_prerequisite (self->task, self->cause, DAG_RULE_FAILED);
          self->origin = self->task;
        }

      if (self->lag != NULL)
        add_prerequisite (self->task, self->lag, DAG_RULE_SUCCEEDED);
      break;

    case END_CANCELLED:
      self->task = dag_task_new (test_body_pending, NULL, NULL);
      self->origin = self->task;
      dag_task_set_return_on_cancel (self->task, edge->lags);
      break;

    case END_VALUE:
    case END_FAILURE:
    case END_DECLINED:
    case N_ENDINGS:
    default:
      self->task = dag_task_new (test_body_pending, NULL, NULL);
      self->origin = self->task;
      if (self->lag != NULL)
        start_beside (self->task, self->lag);
      break;
    }
}

static void
dependency_finish (Dependency     *self,
                   const EdgeCase *edge,
                   guint           index)
{
  switch (edge->ending)
    {
    case END_FAILURE:
    case END_SKIP_BY_FAILURE:
      dag_task_return_new_error (self->cause != NULL ? self->cause : self->task,
                                 G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "Failure %u", index);
      break;
    case END_CANCELLED:
      dag_task_cancel (self->task);
      if (!edge->lags)
        dag_task_return_int (self->task, index);
      break;
    case END_SKIP_BY_CANCELLATION:
      dag_task_return_new_error (self->cause, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                 "Cancellation %u", index);
      break;
    case END_DECLINED:
      dag_task_return_skip (self->task);
      break;
    case END_SKIP_AS_NOT_NEEDED:
      if (edge->lags)
        dag_task_return_skip (self->cause);
      else
        dag_task_return (self->cause);
      break;
    case END_VALUE:
    case N_ENDINGS:
    default:
      dag_task_return_int (self->task, 100 + index);
      break;
    }

  self->finished = TRUE;
  self->settled = !edge->lags;
}

static void
dependency_settle (Dependency *self)
{
  dag_task_return (self->lag != NULL ? self->lag : self->task);
  self->settled = TRUE;
}

static void
dependency_clear (Dependency *self)
{
  /* Whether unlooked-at failures are reported is tested elsewhere. */
  dag_task_get_error (self->task);
  if (self->cause != NULL)
    dag_task_get_error (self->cause);

  g_clear_object (&self->task);
  g_clear_object (&self->cause);
  g_clear_object (&self->lag);
}
