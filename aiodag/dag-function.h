/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined(DAG_INSIDE) && !defined(DAG_COMPILATION)
# error "Only <aiodag.h> can be included directly."
#endif

#include "dag-types.h"

G_BEGIN_DECLS

/**
 * DagFunction: (skip)
 * @name: the name that tasks of this function have
 * @function: the function
 * @n_parameters: how many arguments it takes
 * @get_parameter_type: (nullable): the type of the parameter with this index, %G_TYPE_INVALID for
 *   one that is not checked; `DAG_TYPE_TASK` makes the parameter raw
 * @in_thread: whether it is called in a thread, of the default worker if the task has no other
 *
 * A function whose parameters are declared. It is constant and lives as long as the program:
 * `DAG_DEFINE_TASK ()` makes one.
 *
 * Since: 1.0
 */
typedef struct _DagFunction DagFunction;

struct _DagFunction
{
  const char   *name;
  DagTaskFunc   function;
  guint         n_parameters;
  GType       (*get_parameter_type) (guint index);
  gboolean      in_thread;
};

G_END_DECLS
