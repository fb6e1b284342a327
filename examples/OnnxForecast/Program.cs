using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

// Forecasts from every row of a CSV file, one at a time as they would come in, with the hidden state carried from call to call.
using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };    // states with a default are meant
using var session = new InferenceSession(args[0], options);
using var run = new RunOptions();
string[] columns = JsonSerializer.Deserialize<string[]>(session.ModelMetadata.CustomMetadataMap["values"])!;
string[] header = File.ReadLines(args[1]).First().Split(',');
int[] places = [.. columns.Select(column => Array.IndexOf(header, column))];
if (places.Contains(-1))
    throw new InvalidDataException($"{args[1]}: found the columns {string.Join(", ", header)}, expected {string.Join(", ", columns)}");

Dictionary<string, OrtValue> state = [];    // empty: the graph begins with its own initial state
foreach (string[] cells in File.ReadLines(args[1]).Skip(1).Select(line => line.Split(',')))
{
    double[] row = [.. places.Select(place => double.Parse(cells[place]))];
    state["values"] = OrtValue.CreateTensorValueFromMemory(row, [1, 1, row.Length]);    // [time, batch, columns]
    var outputs = session.Run(run, state.Keys, state.Values, session.OutputNames);
    Console.WriteLine(string.Join(',', outputs[0].GetTensorDataAsSpan<double>().ToArray()));
    foreach (var value in state.Values.Append(outputs[0]))
        value.Dispose();
    state = session.OutputNames.Zip(outputs).Skip(1).ToDictionary(one => one.First["next_".Length..], one => one.Second);
}
