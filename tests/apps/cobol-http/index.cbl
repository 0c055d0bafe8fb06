      *> Answers HTTP with the socket functions of the C library.
       IDENTIFICATION DIVISION.
       PROGRAM-ID. INDEX-PAGE.

       DATA DIVISION.
       WORKING-STORAGE SECTION.
       01 PORT-TEXT       PIC X(8).
       01 PORT-NUMBER     PIC 9(5) VALUE 8080.
       01 LISTENER        BINARY-LONG.
       01 CLIENT          BINARY-LONG.
       01 OUTCOME         BINARY-LONG.
       01 ONE             BINARY-LONG VALUE 1.
       01 SOCKET-ADDRESS.
          05 FAMILY       BINARY-SHORT UNSIGNED VALUE 2.
          05 PORT-HIGH    BINARY-CHAR UNSIGNED.
          05 PORT-LOW     BINARY-CHAR UNSIGNED.
          05 HOST         PIC X(4) VALUE LOW-VALUES.
          05 FILLER       PIC X(8) VALUE LOW-VALUES.
       01 REQUEST         PIC X(2048).
       01 BODY            PIC X(32).
       01 BODY-LENGTH     PIC 9(2).
       01 STATUS-TEXT     PIC X(16).
       01 ANSWER          PIC X(256).
       01 ANSWER-LENGTH   BINARY-LONG.
       01 CRLF            PIC X(2) VALUE X"0D0A".

       PROCEDURE DIVISION.
           ACCEPT PORT-TEXT FROM ENVIRONMENT "PORT"
           IF PORT-TEXT NOT = SPACES
              MOVE FUNCTION NUMVAL(PORT-TEXT) TO PORT-NUMBER
           END-IF
           DIVIDE PORT-NUMBER BY 256 GIVING PORT-HIGH
              REMAINDER PORT-LOW
           CALL "socket" USING BY VALUE 2 1 0 RETURNING LISTENER
           CALL "setsockopt" USING BY VALUE LISTENER 1 2
              BY REFERENCE ONE BY VALUE 4 RETURNING OUTCOME
           CALL "bind" USING BY VALUE LISTENER
              BY REFERENCE SOCKET-ADDRESS BY VALUE 16
              RETURNING OUTCOME
           IF OUTCOME NOT = 0
              DISPLAY "cannot listen on " PORT-NUMBER
              STOP RUN RETURNING 1
           END-IF
           CALL "listen" USING BY VALUE LISTENER 64 RETURNING OUTCOME
           DISPLAY "listening on " PORT-NUMBER
           PERFORM SERVE UNTIL LISTENER < 0
           STOP RUN.

       SERVE.
           CALL "accept" USING BY VALUE LISTENER 0 0 RETURNING CLIENT
           MOVE SPACES TO REQUEST
           CALL "recv" USING BY VALUE CLIENT BY REFERENCE REQUEST
              BY VALUE 2048 0 RETURNING OUTCOME
           EVALUATE TRUE
              WHEN REQUEST(1:13) = "GET /healthz "
                 MOVE "200 OK" TO STATUS-TEXT
                 MOVE "ok" TO BODY
              WHEN REQUEST(1:6) = "GET / "
                 MOVE "200 OK" TO STATUS-TEXT
                 MOVE "hello from COBOL" TO BODY
              WHEN OTHER
                 MOVE "404 Not Found" TO STATUS-TEXT
                 MOVE "not found" TO BODY
           END-EVALUATE
           MOVE FUNCTION LENGTH(FUNCTION TRIM(BODY)) TO BODY-LENGTH
           MOVE 1 TO ANSWER-LENGTH
           STRING "HTTP/1.1 " FUNCTION TRIM(STATUS-TEXT) CRLF
              "Content-Type: text/plain" CRLF
              "Content-Length: " BODY-LENGTH CRLF
              "Connection: close" CRLF CRLF
              FUNCTION TRIM(BODY) DELIMITED BY SIZE
              INTO ANSWER WITH POINTER ANSWER-LENGTH
           SUBTRACT 1 FROM ANSWER-LENGTH
           CALL "send" USING BY VALUE CLIENT BY REFERENCE ANSWER
              BY VALUE ANSWER-LENGTH 16384 RETURNING OUTCOME
           CALL "close" USING BY VALUE CLIENT RETURNING OUTCOME.
