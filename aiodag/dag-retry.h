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

#define DAG_TYPE_RETRY (dag_retry_get_type ())

DAG_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (DagRetry, dag_retry, DAG, RETRY, GObject)

/**
 * DagRetryFunc:
 * @task: (transfer none): the task
 * @error: what its last attempt has failed with
 * @user_data: what was given with the function
 *
 * Says whether another attempt makes sense after an error. It is called in the main context of
 * @task, once for each attempt that has another one after it.
 *
 * Returns: whether to try again
 *
 * Since: 1.0
 */
typedef gboolean (*DagRetryFunc) (DagTask      *task,
                                  const GError *error,
                                  gpointer      user_data);

DAG_AVAILABLE_IN_1_0
DagRetry *dag_retry_new           (guint           attempts,
                                   guint           delay);
DAG_AVAILABLE_IN_1_0
guint     dag_retry_get_attempts  (DagRetry       *self);
DAG_AVAILABLE_IN_1_0
void      dag_retry_set_attempts  (DagRetry       *self,
                                   guint           attempts);
DAG_AVAILABLE_IN_1_0
guint     dag_retry_get_delay     (DagRetry       *self);
DAG_AVAILABLE_IN_1_0
void      dag_retry_set_delay     (DagRetry       *self,
                                   guint           delay);
DAG_AVAILABLE_IN_1_0
double    dag_retry_get_factor    (DagRetry       *self);
DAG_AVAILABLE_IN_1_0
void      dag_retry_set_factor    (DagRetry       *self,
                                   double          factor);
DAG_AVAILABLE_IN_1_0
guint     dag_retry_get_max_delay (DagRetry       *self);
DAG_AVAILABLE_IN_1_0
void      dag_retry_set_max_delay (DagRetry       *self,
                                   guint           max_delay);
DAG_AVAILABLE_IN_1_0
double    dag_retry_get_jitter    (DagRetry       *self);
DAG_AVAILABLE_IN_1_0
void      dag_retry_set_jitter    (DagRetry       *self,
                                   double          jitter);
DAG_AVAILABLE_IN_1_0
guint     dag_retry_get_seed      (DagRetry       *self);
DAG_AVAILABLE_IN_1_0
void      dag_retry_set_seed      (DagRetry       *self,
                                   guint           seed);
DAG_AVAILABLE_IN_1_0
void      dag_retry_set_function  (DagRetry       *self,
                                   DagRetryFunc    function,
                                   gpointer        user_data,
                                   GDestroyNotify  user_data_destroy);
DAG_AVAILABLE_IN_1_0
guint     dag_retry_get_pause     (DagRetry       *self,
                                   guint           attempt);

G_END_DECLS
