;;; nnxlint-eglot.el --- nnxlint for eglot -*- lexical-binding: t; -*-
;; Eglot runs one server for a buffer: this makes nnxlint that one for Python.
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((python-mode python-ts-mode) . ("nnxlint" "server"))))
;;; nnxlint-eglot.el ends here
