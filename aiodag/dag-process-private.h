/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A child process, from when it was spawned until it is gone and nothing more can come of it. A
 * thread of the library's own looks after all of them: it feeds and reads their pipes, and ends
 * them.
 */
typedef struct _DagProcess DagProcess;

/* What came of it. */
typedef struct {
  int     exit_status;  /* -1 if a signal ended it */
  int     signal;       /* 0 if none did */
  GBytes *output;       /* (owned) (nullable): NULL if that was not a pipe */
  GBytes *messages;     /* (owned) (nullable): of the standard error */
  GError *error;        /* (owned) (nullable): why that is not all of it */
} DagProcessEnd;

/* In the thread of the processes, once, when it is over. */
typedef void (*DagProcessFunc) (DagProcessEnd *end,
                                gboolean       terminated,
                                gpointer       data);

DagProcess *dag_process_new       (GSubprocess    *subprocess,
                                   GBytes         *input,
                                   guint           grace_time,
                                   DagProcessFunc  done,
                                   gpointer        data);
DagProcess *dag_process_ref       (DagProcess     *self);
void        dag_process_unref     (DagProcess     *self);
void        dag_process_start     (DagProcess     *self);
void        dag_process_terminate (DagProcess     *self);

G_END_DECLS
