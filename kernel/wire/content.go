package wire

// The contents of messages, named like the messages. Fields without omitempty are always sent, as clients require.

// KernelInfoReply describes the kernel.
type KernelInfoReply struct {
	Status                string       `json:"status"`
	ProtocolVersion       string       `json:"protocol_version"`
	Implementation        string       `json:"implementation"`
	ImplementationVersion string       `json:"implementation_version"`
	LanguageInfo          LanguageInfo `json:"language_info"`
	Banner                string       `json:"banner"`
	HelpLinks             []HelpLink   `json:"help_links"`
	Debugger              bool         `json:"debugger"`
	SupportedFeatures     []string     `json:"supported_features"`
}

// LanguageInfo describes the language of cells to editors and exporters.
type LanguageInfo struct {
	Name           string `json:"name"`
	Version        string `json:"version"`
	MimeType       string `json:"mimetype"`
	FileExtension  string `json:"file_extension"`
	PygmentsLexer  string `json:"pygments_lexer"`
	CodemirrorMode string `json:"codemirror_mode"`
}

// HelpLink is an entry of the front end's help menu.
type HelpLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// ExecuteRequest asks to run a cell.
type ExecuteRequest struct {
	Code            string            `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    *bool             `json:"store_history"` // nil is true, or false when silent
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      *bool             `json:"allow_stdin"`   // nil is true
	StopOnError     *bool             `json:"stop_on_error"` // nil is true
}

// ExecuteReply answers ExecuteRequest when the cell succeeded.
type ExecuteReply struct {
	Status          string         `json:"status"`
	ExecutionCount  int            `json:"execution_count"`
	UserExpressions map[string]any `json:"user_expressions"`
	Payload         []any          `json:"payload"`
}

// ErrorReply answers any request that failed; as an iopub message "error" it has neither status nor count.
type ErrorReply struct {
	Status          string         `json:"status,omitempty"`
	ExecutionCount  *int           `json:"execution_count,omitempty"`
	Name            string         `json:"ename"`
	Value           string         `json:"evalue"`
	Traceback       []string       `json:"traceback"`
	UserExpressions map[string]any `json:"user_expressions,omitempty"`
	Payload         []any          `json:"payload,omitempty"`
}

// StatusReply is a reply, or the beginning of one, that says no more than how it went.
type StatusReply struct {
	Status string `json:"status"`
}

// Status is the iopub message around every request: "busy", "idle" or "starting".
type Status struct {
	ExecutionState string `json:"execution_state"`
}

// Welcome is the iopub message "iopub_welcome" to a new subscriber: it gets what is published from now on.
type Welcome struct {
	Subscription string `json:"subscription"`
}

// ExecuteInput repeats to all front ends what runs now.
type ExecuteInput struct {
	Code           string `json:"code"`
	ExecutionCount int    `json:"execution_count"`
}

// Stream is text that a cell wrote to "stdout" or "stderr".
type Stream struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// DisplayData is display_data and update_display_data; with a count it is execute_result.
type DisplayData struct {
	ExecutionCount *int           `json:"execution_count,omitempty"`
	Data           map[string]any `json:"data"`
	Metadata       map[string]any `json:"metadata"`
	Transient      map[string]any `json:"transient,omitempty"`
}

// ClearOutput removes what a cell has shown, when Wait is set not before the next output.
type ClearOutput struct {
	Wait bool `json:"wait"`
}

// CompleteRequest asks for completions at a position in code points.
type CompleteRequest struct {
	Code      string `json:"code"`
	CursorPos int    `json:"cursor_pos"`
}

// CompleteReply lists completions for the code points from CursorStart to CursorEnd.
type CompleteReply struct {
	Status      string         `json:"status"`
	Matches     []string       `json:"matches"`
	CursorStart int            `json:"cursor_start"`
	CursorEnd   int            `json:"cursor_end"`
	Metadata    map[string]any `json:"metadata"`
}

// TypedCompletion is an entry of the metadata "_jupyter_types_experimental".
type TypedCompletion struct {
	Start     int    `json:"start"`
	End       int    `json:"end"`
	Text      string `json:"text"`
	Type      string `json:"type"`
	Signature string `json:"signature,omitempty"`
}

// InspectRequest asks what stands at a position in code points; level 1 asks for more.
type InspectRequest struct {
	Code        string `json:"code"`
	CursorPos   int    `json:"cursor_pos"`
	DetailLevel int    `json:"detail_level"`
}

// InspectReply is a bundle about it.
type InspectReply struct {
	Status   string         `json:"status"`
	Found    bool           `json:"found"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}

// IsCompleteRequest asks whether a console should run the code or go on reading.
type IsCompleteRequest struct {
	Code string `json:"code"`
}

// IsCompleteReply says "complete", "incomplete", "invalid" or "unknown", and for incomplete code the next line's indent.
type IsCompleteReply struct {
	Status string `json:"status"`
	Indent string `json:"indent"`
}

// HistoryRequest asks for earlier cells: the last N ("tail"), a range of lines of a session, or a search for a glob pattern.
type HistoryRequest struct {
	Output     bool   `json:"output"`
	Raw        bool   `json:"raw"`
	AccessType string `json:"hist_access_type"`
	Session    int    `json:"session"`
	Start      int    `json:"start"`
	Stop       *int   `json:"stop"` // nil: to the end
	N          int    `json:"n"`
	Pattern    string `json:"pattern"`
	Unique     bool   `json:"unique"`
}

// HistoryReply lists them as [session, line, source], or [session, line, [source, output]].
type HistoryReply struct {
	Status  string  `json:"status"`
	History [][]any `json:"history"`
}

// Comm is the content of comm_open, which alone has a target, comm_msg and comm_close.
type Comm struct {
	CommID string         `json:"comm_id"`
	Target string         `json:"target_name,omitempty"`
	Data   map[string]any `json:"data"`
}

// CommInfoRequest asks for the open comms, of one target or, when it is "", of all.
type CommInfoRequest struct {
	Target string `json:"target_name"`
}

// CommInfoReply lists the open comms by id.
type CommInfoReply struct {
	Status string              `json:"status"`
	Comms  map[string]CommInfo `json:"comms"`
}

// CommInfo is one of them.
type CommInfo struct {
	Target string `json:"target_name"`
}

// ConnectReply repeats the ports of the connection file.
type ConnectReply struct {
	Status        string `json:"status"`
	ShellPort     int    `json:"shell_port"`
	ControlPort   int    `json:"control_port"`
	StdinPort     int    `json:"stdin_port"`
	IOPubPort     int    `json:"iopub_port"`
	HeartbeatPort int    `json:"hb_port"`
}

// ShutdownRequest asks the kernel to end; Restart says that the front end will start it again.
type ShutdownRequest struct {
	Restart bool `json:"restart"`
}

// ShutdownReply repeats it.
type ShutdownReply struct {
	Status  string `json:"status"`
	Restart bool   `json:"restart"`
}

// InputRequest asks the front end for a line, on the stdin socket.
type InputRequest struct {
	Prompt   string `json:"prompt"`
	Password bool   `json:"password"`
}

// InputReply is that line.
type InputReply struct {
	Value string `json:"value"`
}
