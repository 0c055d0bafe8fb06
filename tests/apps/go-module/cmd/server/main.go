package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"example.com/go-module/internal/web"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	stop, done := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer done()
	server := &http.Server{Addr: ":" + port, Handler: web.Routes()}
	go func() {
		<-stop.Done()
		_ = server.Shutdown(context.Background())
	}()
	slog.Info("listening", "address", server.Addr)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		slog.Error("serving", "error", err)
		os.Exit(1)
	}
}
