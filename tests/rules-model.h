/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <aiodag.h>

/* Section 3 of the design as a function, written from its table and its list. It knows how the
 * dependencies of a task ended and in which order that became known, and says what has to have come
 * of the task. Of the library it has the names of rules, triggers and reasons, and nothing else.
 */

#define MODEL_MAX_EDGES 3

typedef struct {
  gboolean  is_input;
  DagRule   rule;
  DagReason ended;  /* how the dependency did */
} ModelEdge;

/* Something that became known: that the end of a dependency was judged, or that the task is
 * complete and may start. What is in the same group happened together, and no order of it is
 * promised.
 */
#define MODEL_RELEASED MODEL_MAX_EDGES

typedef struct {
  guint what;   /* the edge, or MODEL_RELEASED */
  guint group;
} ModelEvent;

typedef struct {
  DagTrigger trigger;
  ModelEdge  edges[MODEL_MAX_EDGES];
  guint      n_edges;  /* attached so far */
  ModelEvent events[MODEL_MAX_EDGES + 1];
  guint      n_events;
  gboolean   released;
} Model;

typedef enum {
  MODEL_WAITS,
  MODEL_RUNS,
  MODEL_EMPTY,    /* it had to choose, and had no input */
  MODEL_SKIPPED,
} ModelFate;

typedef struct {
  ModelFate fate;
  guint     cause;  /* the edge that it is skipped for */
} ModelVerdict;

/* The table. */
static const struct {
  gboolean  satisfied;
  DagReason reason;  /* with which it is refused */
} model_table[][3] = {
  [DAG_REASON_NONE] = {
    [DAG_RULE_SUCCEEDED] = { TRUE, DAG_REASON_NONE },
    [DAG_RULE_FINISHED] = { TRUE, DAG_REASON_NONE },
    [DAG_RULE_FAILED] = { FALSE, DAG_REASON_NOT_NEEDED },
  },
  [DAG_REASON_FAILURE] = {
    [DAG_RULE_SUCCEEDED] = { FALSE, DAG_REASON_FAILURE },
    [DAG_RULE_FINISHED] = { TRUE, DAG_REASON_NONE },
    [DAG_RULE_FAILED] = { TRUE, DAG_REASON_NONE },
  },
  [DAG_REASON_CANCELLATION] = {
    [DAG_RULE_SUCCEEDED] = { FALSE, DAG_REASON_CANCELLATION },
    [DAG_RULE_FINISHED] = { TRUE, DAG_REASON_NONE },
    [DAG_RULE_FAILED] = { FALSE, DAG_REASON_CANCELLATION },
  },
  [DAG_REASON_NOT_NEEDED] = {
    [DAG_RULE_SUCCEEDED] = { FALSE, DAG_REASON_NOT_NEEDED },
    [DAG_RULE_FINISHED] = { TRUE, DAG_REASON_NONE },
    [DAG_RULE_FAILED] = { FALSE, DAG_REASON_NOT_NEEDED },
  },
};

static gboolean
model_edge_is_satisfied (const ModelEdge *edge)
{
  return model_table[edge->ended][edge->rule].satisfied;
}

static DagReason
model_edge_get_refusal (const ModelEdge *edge)
{
  return model_table[edge->ended][edge->rule].reason;
}

/* Whether an edge is judged as soon as the dependency finished, and not when it has settled. */
static gboolean
model_edge_is_prompt (const ModelEdge *edge)
{
  return edge->rule == DAG_RULE_SUCCEEDED;
}

static guint
model_count_inputs (const Model *model)
{
  guint n = 0;

  for (guint i = 0; i < model->n_edges; i++)
    n += model->edges[i].is_input;

  return n;
}

/* The earliest failure, else the earliest cancellation, else the earliest that was not needed. */
static guint
model_choose_refusal (const Model *model,
                      const guint *refused,
                      guint        n_refused)
{
  static const DagReason reasons[] = {
    DAG_REASON_FAILURE, DAG_REASON_CANCELLATION, DAG_REASON_NOT_NEEDED,
  };

  for (guint r = 0; r < G_N_ELEMENTS (reasons); r++)
    for (guint i = 0; i < n_refused; i++)
      if (model_edge_get_refusal (&model->edges[refused[i]]) == reasons[r])
        return refused[i];

  g_assert_not_reached ();
}

/* What comes of the task when its events happen in the order of @order. */
static ModelVerdict
model_judge (const Model *model,
             const guint *order)
{
  guint refused_inputs[MODEL_MAX_EDGES];
  guint n_refused = 0, n_satisfied = 0, n_prerequisites = 0;
  guint n_inputs = model_count_inputs (model);
  gboolean released = FALSE, first_is_satisfied = FALSE;

  for (guint i = 0; i < model->n_events; i++)
    {
      guint what = model->events[order[i]].what;
      gboolean inputs_are_there = FALSE;

      if (what == MODEL_RELEASED)
        {
          released = TRUE;
        }
      else if (model_edge_is_satisfied (&model->edges[what]))
        {
          if (!model->edges[what].is_input)
            n_prerequisites++;
          else if (n_satisfied++ == 0 && n_refused == 0)
            first_is_satisfied = TRUE;
        }
      else if (!model->edges[what].is_input || model->trigger == DAG_TRIGGER_ALL ||
               (model->trigger == DAG_TRIGGER_FIRST && n_satisfied == 0))
        {
          return (ModelVerdict) { MODEL_SKIPPED, what };
        }
      else
        {
          refused_inputs[n_refused++] = what;
        }

      /* Before it is complete nobody knows what all inputs are. */
      if (!released)
        continue;

      if (n_inputs > 0 && n_refused == n_inputs)
        return (ModelVerdict) {
          MODEL_SKIPPED, model_choose_refusal (model, refused_inputs, n_refused)
        };

      switch (model->trigger)
        {
        case DAG_TRIGGER_ALL:
          inputs_are_there = n_satisfied == n_inputs;
          break;
        case DAG_TRIGGER_ANY:
          inputs_are_there = n_satisfied > 0;
          break;
        case DAG_TRIGGER_FIRST:
        default:
          inputs_are_there = first_is_satisfied;
          break;
        }

      if (n_prerequisites == model->n_edges - n_inputs)
        {
          if (model->trigger != DAG_TRIGGER_ALL && n_inputs == 0)
            return (ModelVerdict) { MODEL_EMPTY, 0 };
          if (inputs_are_there)
            return (ModelVerdict) { MODEL_RUNS, 0 };
        }
    }

  return (ModelVerdict) { MODEL_WAITS, 0 };
}

typedef gboolean (* ModelVerdictFunc) (const ModelVerdict *verdict,
                                       gpointer            user_data);

static gboolean
model_try_orders (const Model      *model,
                  guint            *order,
                  guint             n,
                  guint             used,
                  ModelVerdictFunc  func,
                  gpointer          user_data)
{
  guint group = G_MAXUINT;

  if (n == model->n_events)
    {
      ModelVerdict verdict = model_judge (model, order);

      return func (&verdict, user_data);
    }

  for (guint i = 0; i < model->n_events; i++)
    if (!(used & 1u << i))
      group = MIN (group, model->events[i].group);

  for (guint i = 0; i < model->n_events; i++)
    {
      if (used & 1u << i || model->events[i].group != group)
        continue;

      order[n] = i;
      if (model_try_orders (model, order, n + 1, used | 1u << i, func, user_data))
        return TRUE;
    }

  return FALSE;
}

/* Whether @func holds for what comes of one of the orders in which it may have happened. */
static gboolean
model_find_verdict (const Model      *model,
                    ModelVerdictFunc  func,
                    gpointer          user_data)
{
  guint order[MODEL_MAX_EDGES + 1];

  return model_try_orders (model, order, 0, 0, func, user_data);
}

static void
model_add_event (Model *model,
                 guint  what,
                 guint  group)
{
  g_assert (model->n_events < G_N_ELEMENTS (model->events));

  model->events[model->n_events++] = (ModelEvent) { what, group };
}
