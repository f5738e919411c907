/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* A build: every step is a command, and what it writes is what the next one gets. One step fails;
 * what needs it is skipped, and the others go on.
 *
 *   main.src    --- main.o   --+
 *                              +-- program --- output
 *   util.src    --- util.o   --+
 *                              +-- plugin    is skipped
 *   broken.src  --- broken.o --+
 */

#include "example.h"

/* A compiler: it writes an object and the name of it, or says what is wrong. */
static const char compiler[] =
  "grep -q '^say ' \"$1\" || { echo \"$1: there is nothing to say\" >&2; exit 1; }\n"
  "sed -n 's/^say //p' \"$1\" > \"$2\" && echo \"$2\"\n";

static GSubprocessLauncher *launcher;

static void
write_file (const char *folder, const char *name, const char *content)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (!g_file_set_contents (path, content, -1, NULL))
    g_error ("cannot write %s", path);
}

static DagTask *
compile (const char *source, const char *object)
{
  return dag_with (dag_subprocess (launcher, "sh", "cc.sh", source, object), "name", object, NULL);
}

/* The graph is made by the calls; every step starts when what it gets is there. */
static void
make_steps (DagTask *steps[6])
{
  DagTask *main_o = compile ("main.src", "main.o");
  DagTask *util_o = compile ("util.src", "util.o");
  DagTask *broken_o = compile ("broken.src", "broken.o");

  /* The name of an object is what the compiler wrote. */
  DagTask *program = dag_with (dag_subprocess (launcher, "cat", main_o, util_o),
                               "name", "program", NULL);
  DagTask *plugin = dag_with (dag_subprocess (launcher, "cat", util_o, broken_o),
                              "name", "plugin", NULL);

  /* What one command wrote, another one reads. */
  DagTask *output = dag_with (dag_subprocess_with (launcher, program, TRUE, 500, "tr", "a-z", "A-Z"),
                              "name", "output", NULL);

  steps[0] = g_object_ref (main_o);
  steps[1] = g_object_ref (util_o);
  steps[2] = g_object_ref (broken_o);
  steps[3] = g_object_ref (program);
  steps[4] = g_object_ref (plugin);
  steps[5] = g_object_ref (output);
}

static void
report (DagTask *step)
{
  const char *name = dag_task_get_name (step);
  const GError *error = dag_task_get_error (step);

  if (error == NULL)
    g_print ("%-8s  built\n", name);
  else if (dag_task_get_state (step) == DAG_STATE_SKIPPED)
    g_print ("%-8s  skipped, because %s failed\n", name,
             dag_task_get_name (dag_task_get_origin (step)));
  else
    g_print ("%-8s  failed: %s\n", name, error->message);
}

int
main (void)
{
  g_autofree char *folder = g_dir_make_tmp ("build-XXXXXX", NULL);
  DagTask *steps[6];
  g_autoptr (DagTask) clean_up = NULL;

  write_file (folder, "cc.sh", compiler);
  write_file (folder, "main.src", "say hello, world\n");
  write_file (folder, "util.src", "# some code\nsay that is all\n");
  write_file (folder, "broken.src", "# no code\n");

  /* It says where commands run, and that what they write is collected. */
  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE |
                                        G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                        G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_subprocess_launcher_set_cwd (launcher, folder);

  make_steps (steps);
  g_set_object (&clean_up, dag_depends_on (dag_subprocess (NULL, "rm", "-r", folder),
                                           dag_finished (steps[5]), dag_finished (steps[4])));
  dag_task_wait (clean_up, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    report (steps[i]);
  g_print ("%s", dag_process_result_get_stdout_text (dag_task_get_process_result (steps[5])));

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    g_object_unref (steps[i]);
  g_object_unref (launcher);
  return EXIT_SUCCESS;
}
