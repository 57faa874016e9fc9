;;; nnxlint-lsp-mode.el --- nnxlint for lsp-mode -*- lexical-binding: t; -*-
;; `:add-on? t' lets nnxlint run beside another server for Python.
(with-eval-after-load 'lsp-mode
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection '("nnxlint" "server"))
    :activation-fn (lsp-activate-on "python")
    :add-on? t
    :multi-root t
    :initialization-options (lambda () '(:unsafeFixes :json-false))
    :server-id 'nnxlint)))
;;; nnxlint-lsp-mode.el ends here
