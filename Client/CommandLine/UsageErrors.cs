using System.CommandLine;
using System.CommandLine.Parsing;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>The mistakes in a command line, with the word that was probably meant.</summary>
internal static class UsageErrors
{
    /// <summary>One line per mistake; empty when there is none.</summary>
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        string[] unknown = [.. parsed.UnmatchedTokens];
        // The root command accepts nothing but a command: what follows a misspelled one has not been understood either.
        if (command is RootCommand && unknown.FirstOrDefault(word => !IsOption(word)) is { } verb)
            return [UnknownCommand(verb, command)];
        string[] options = [.. unknown.Where(IsOption)];
        // A word that follows an unknown option may be that option's value.
        string[] words = options.Length > 0 ? [] : unknown;
        return
        [
            .. options.Select(option => UnknownOption(option, parsed.CommandResult)),
            .. words.Select(word => $"found '{word}', expected nothing more; see the arguments of {Name(command)}"),
            .. parsed.Errors.Where(error => !Concerns(error, unknown)).Select(error => error.Message),
        ];
    }

    private static string UnknownCommand(string verb, Command root)
    {
        string[] verbs = [.. root.Subcommands.Where(command => !command.Hidden).Select(command => command.Name)];
        return $"found an unknown command '{verb}', expected {string.Join(", ", verbs[..^1])} or {verbs[^1]}{DidYouMean(verb, verbs)}";
    }

    private static string UnknownOption(string token, CommandResult result)
    {
        string name = token.Split('=', ':')[0];
        // Options of a command above this one count where they are recursive.
        var options = result.Command.Options.Concat(Above(result).SelectMany(command => command.Options).Where(option => option.Recursive));
        string[] known = [.. options.Where(option => !option.Hidden).Select(option => option.Name).Distinct()];
        return $"found an unknown option '{name}' of {Name(result.Command)}{DidYouMean(name, known)}";
    }

    private static IEnumerable<Command> Above(CommandResult result)
    {
        for (var parent = result.Parent; parent is CommandResult above; parent = parent.Parent)
            yield return above.Command;
    }

    /// <summary>Whether the parser's message is about one of the words that it could not place.</summary>
    private static bool Concerns(ParseError error, IEnumerable<string> unknown) =>
        error.SymbolResult is CommandResult && unknown.Any(word => error.Message.Contains($"'{word}'", StringComparison.Ordinal));

    private static string DidYouMean(string word, IEnumerable<string> known) =>
        Nearest.To(word, known) is { } near ? $"; did you mean {near}?" : "";

    private static bool IsOption(string word) => word.StartsWith('-') && word.Length > 1;

    private static string Name(Command command) => command is RootCommand ? "tbptt" : $"tbptt {command.Name}";
}
