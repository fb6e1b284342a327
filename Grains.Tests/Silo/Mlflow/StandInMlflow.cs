using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Tests.Silo.Mlflow;

/// <summary>
/// An MLflow server as its REST API 2.0 documents it, as far as runs are reported to it: it refuses what MLflow refuses, by its limits.
/// </summary>
/// <remarks>Limits and names: https://mlflow.org/docs/latest/rest-api.html, and what the server checks before it stores anything.</remarks>
internal sealed partial class StandInMlflow(string experiment)
{
    private const int MostItems = 1_000, MostParameters = 100, MostTags = 100, MostBytes = 1_000_000;
    private const int MostKey = 250, MostParameterValue = 6_000, MostTagValue = 5_000;

    private readonly Lock _gate = new();
    private readonly List<string> _refused = [];
    private bool _hasExperiment;

    /// <summary>The runs, in order of their creation.</summary>
    public List<StandInRun> Runs { get; } = [];

    /// <summary>The largest number of metrics, and of metrics, parameters and tags, of a call so far.</summary>
    public (int Metrics, int All) Largest { get; private set; }

    /// <summary>What was refused by the rules, in order.</summary>
    public IReadOnlyList<string> Refused
    {
        get
        {
            lock (_gate)
                return [.. _refused];
        }
    }

    /// <summary>Answers a call.</summary>
    /// <param name="method">GET or POST.</param>
    /// <param name="path">The path below the server's address.</param>
    /// <param name="query">The query, with its question mark.</param>
    /// <param name="text">The body.</param>
    public (HttpStatusCode Status, string Text) Answer(string method, string path, string query, string text)
    {
        lock (_gate)
        {
            try
            {
                Must(path.StartsWith("/api/2.0/mlflow/", StringComparison.Ordinal), $"the path {path}");
                var body = text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
                return (method, path["/api/2.0/mlflow/".Length..]) switch
                {
                    ("GET", "experiments/get-by-name") => Find(query),
                    ("POST", "experiments/create") => Create(body),
                    ("POST", "runs/search") => Search(body),
                    ("POST", "runs/create") => CreateRun(body),
                    ("POST", "runs/log-batch") => Log(body, text),
                    ("POST", "runs/update") => Update(body),
                    var (_, call) => Refuse("ENDPOINT_NOT_FOUND", call, HttpStatusCode.NotFound),
                };
            }
            catch (RefusalException refusal)
            {
                return Refuse("INVALID_PARAMETER_VALUE", refusal.Message);
            }
        }
    }

    private (HttpStatusCode Status, string Text) Find(string query)
    {
        Must(query == $"?experiment_name={Uri.EscapeDataString(experiment)}", $"the query {query}");
        return _hasExperiment ? Ok(new { experiment = new { experiment_id = "7", name = experiment, lifecycle_stage = "active" } })
            : (HttpStatusCode.NotFound, Error("RESOURCE_DOES_NOT_EXIST", "no such experiment"));
    }

    private (HttpStatusCode Status, string Text) Create(JsonObject body)
    {
        Must((string?)body["name"] == experiment, "another name of the experiment");
        if (_hasExperiment)
            return (HttpStatusCode.BadRequest, Error("RESOURCE_ALREADY_EXISTS", "the experiment is there"));
        _hasExperiment = true;
        return Ok(new { experiment_id = "7" });
    }

    private (HttpStatusCode Status, string Text) Search(JsonObject body)
    {
        Must(body["experiment_ids"]?.AsArray().Select(id => (string?)id).SequenceEqual(["7"]) == true, "experiment_ids");
        Must((int?)body["max_results"] is >= 1 and <= 50_000, "max_results");
        var tag = TagFilter().Match((string?)body["filter"] ?? "");
        Must(tag.Success, "the filter");
        var found = Runs.Where(run => run.Tags.GetValueOrDefault(tag.Groups[1].Value) == tag.Groups[2].Value);
        return Ok(new { runs = found.Select(run => run.Shown) });
    }

    private (HttpStatusCode Status, string Text) CreateRun(JsonObject body)
    {
        Must((string?)body["experiment_id"] == "7", "experiment_id");
        var run = new StandInRun($"{Runs.Count:x32}", (string)body["run_name"]!) { StartTime = Time(body["start_time"]) };
        Set(run.Tags, body["tags"], MostTagValue, mayChange: true);
        Runs.Add(run);
        return Ok(new { run = run.Shown });
    }

    private (HttpStatusCode Status, string Text) Log(JsonObject body, string text)
    {
        var run = Of(body);
        JsonArray metrics = List("metrics"), parameters = List("params"), tags = List("tags");
        Must(Encoding.UTF8.GetByteCount(text) <= MostBytes, $"a call of {Encoding.UTF8.GetByteCount(text)} bytes");
        Must(parameters.Count <= MostParameters && tags.Count <= MostTags, $"{parameters.Count} parameters, {tags.Count} tags");
        int all = metrics.Count + parameters.Count + tags.Count;
        Must(all <= MostItems, $"{metrics.Count} metrics and {all} of all");
        Must(parameters.Select(one => (string?)one!["key"]).Distinct().Count() == parameters.Count, "a parameter twice");
        Largest = (Math.Max(Largest.Metrics, metrics.Count), Math.Max(Largest.All, all));
        foreach (var metric in metrics)
        {
            Must(metric!["step"]?.GetValueKind() == JsonValueKind.Number, "a metric without a step");
            _ = Time(metric["timestamp"]);
            _ = (double)metric["value"]!;
        }

        foreach (var metric in metrics)
            run.Metrics.Add($"{Name(metric!)} {metric!["step"]} {metric["value"]}");
        Set(run.Parameters, parameters, MostParameterValue, mayChange: false);
        Set(run.Tags, tags, MostTagValue, mayChange: true);
        return Ok(new { });

        JsonArray List(string key) => body[key] as JsonArray ?? [];
    }

    private (HttpStatusCode Status, string Text) Update(JsonObject body)
    {
        var run = Of(body);
        run.Status = (string)body["status"]!;
        Must(run.Status is "RUNNING" or "FINISHED" or "FAILED" or "KILLED", $"the status {run.Status}");
        Must(run.Status != "RUNNING" == body.ContainsKey("end_time"), "an end time of a run that runs, or none of one that has ended");
        run.EndTime = body.ContainsKey("end_time") ? Time(body["end_time"]) : null;
        return Ok(new { run_info = run.Shown });
    }

    private StandInRun Of(JsonObject body) => Runs.Find(run => run.Id == (string?)body["run_id"]) ?? throw new RefusalException("run_id");

    private static void Set(Dictionary<string, string> values, JsonNode? list, int most, bool mayChange)
    {
        foreach (var item in list?.AsArray() ?? [])
        {
            var (key, value) = (Name(item!), (string)item!["value"]!);
            Must(value.Length <= most, $"{key} of {value.Length} characters");
            Must(mayChange || values.GetValueOrDefault(key, value) == value, $"another value of {key}");
            values[key] = value;
        }
    }

    /// <summary>The key of a metric, parameter or tag: characters, length, and not the same as another one as a path.</summary>
    private static string Name(JsonNode item)
    {
        string key = (string?)item["key"] ?? throw new RefusalException("no key");
        Must(Allowed().IsMatch(key) && key.Length is > 0 and <= MostKey, $"the key '{key}'");
        Must(!key.StartsWith("..", StringComparison.Ordinal) && key.Split('/').All(part => part is not ("" or "." or "..")),
            $"the key '{key}', which is another one as a path");
        return key;
    }

    /// <summary>Milliseconds: seconds would lie in 1970, ticks far ahead.</summary>
    private static long Time(JsonNode? value)
    {
        long time = (long?)value ?? throw new RefusalException("no time");
        Must(time is > 1_600_000_000_000 and < 4_000_000_000_000, $"the time {time}, which is none in milliseconds");
        return time;
    }

    private static void Must(bool holds, string what)
    {
        if (!holds)
            throw new RefusalException(what);
    }

    private (HttpStatusCode Status, string Text) Refuse(string code, string what, HttpStatusCode status = HttpStatusCode.BadRequest)
    {
        _refused.Add(what);
        return (status, Error(code, $"found {what}"));
    }

    private static (HttpStatusCode Status, string Text) Ok(object value) => (HttpStatusCode.OK, JsonSerializer.Serialize(value));

    private static string Error(string code, string message) => JsonSerializer.Serialize(new { error_code = code, message });

    [GeneratedRegex("^[/A-Za-z0-9_.\\- ]*$")]
    private static partial Regex Allowed();

    [GeneratedRegex("^tags\\.`([^`]+)` = '([^']*)'$")]
    private static partial Regex TagFilter();

    private sealed class RefusalException(string what) : Exception(what);
}

/// <summary>A run of the stand-in.</summary>
internal sealed class StandInRun(string id, string name)
{
    public string Id => id;

    public string Name => name;

    public string Status { get; set; } = "RUNNING";

    public long StartTime { get; init; }

    public long? EndTime { get; set; }

    public Dictionary<string, string> Parameters { get; } = [];

    public Dictionary<string, string> Tags { get; } = [];

    /// <summary>Each with its step and value.</summary>
    public List<string> Metrics { get; } = [];

    public object Shown => new
    {
        info = new { run_id = Id, run_uuid = Id, status = Status },
        data = new { tags = Tags.Select(tag => new { key = tag.Key, value = tag.Value }) },
    };
}
