// Generated from the routes of all services by `pnpm generate`; not to be edited.

export interface paths {
    "/auth/signup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an account and sign in to it
         * @description Tried again with the same `Idempotency-Key`, it answers with the account and the tokens of the first time. A common password is a 422.
         */
        post: operations["signUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/signin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with address and password
         * @description Each sign-in begins a session. After ten wrong passwords an account has to wait: 429 with `Retry-After`.
         */
        post: operations["signIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get new tokens for a refresh token
         * @description A refresh token is good once; who shows one that was used before ends the session.
         */
        post: operations["refreshSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/signout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the session of the access token */
        post: operations["signOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See where you are signed in */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        /** Sign out everywhere, or everywhere else */
        delete: operations["endSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/sessions/{sessionId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End one of your sessions
         * @description Its tokens are refused everywhere from then on.
         */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** See whose an access token is, and until when */
        post: operations["verifyToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the public keys that access tokens are signed with (RFC 7517) */
        get: operations["getKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profiles/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See your own profile, with its address */
        get: operations["getOwnProfile"];
        put?: never;
        post?: never;
        /**
         * Delete your account, for good
         * @description Name, address and sessions go at once, what you posted within moments: deleted, or kept without its author, as `messages` says.
         */
        delete: operations["deleteAccount"];
        options?: never;
        head?: never;
        /**
         * Change your name or picture
         * @description With `If-Match` only what you have seen. A field that is left out stays; null takes the picture away, be it an address or a file.
         */
        patch: operations["changeProfile"];
        trace?: never;
    };
    "/profiles/{profileId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See what everybody may see of a profile */
        get: operations["getProfile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profiles/me/email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for another address
         * @description A token is mailed to it, and the old one stays until that is confirmed.
         */
        post: operations["changeEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/email/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm an address with the token that was mailed to it
         * @description It is that of your account from then on.
         */
        post: operations["confirmEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/profiles/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Choose a new password
         * @description You are signed out everywhere else.
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a token for a new password mailed to you
         * @description The answer is the same where no account has this address.
         */
        post: operations["forgotPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Choose a new password with a token that was mailed to you
         * @description You are signed out everywhere.
         */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the servers that you are a member of
         * @description In the order of joining, a page at a time.
         */
        get: operations["listServers"];
        put?: never;
        /**
         * Create a server
         * @description It comes with a text channel, "general", and an invite; you become its owner and ADMIN.
         */
        post: operations["createServer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a server that you are a member of
         * @description With the channels that you may see. `HEAD` tells whether it is there.
         */
        get: operations["getServer"];
        put?: never;
        post?: never;
        /** Delete your server with its channels and messages, for good */
        delete: operations["deleteServer"];
        options?: never;
        head?: never;
        /**
         * Rename a server or change its picture
         * @description A field that is left out stays; null takes the picture away. Needs MANAGE_SERVER.
         */
        patch: operations["changeServer"];
        trace?: never;
    };
    "/servers/{serverId}/owner": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Hand your server on to another member
         * @description Who becomes an ADMIN too; you stay what your role says.
         */
        put: operations["transferOwnership"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a channel, or a category to put channels in
         * @description Needs MANAGE_CHANNELS.
         */
        post: operations["createChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/channels/{channelId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a channel that you may see
         * @description With its overwrites: what it gives and takes of roles and members.
         */
        get: operations["getChannel"];
        put?: never;
        post?: never;
        /**
         * Delete a channel with its messages, for good
         * @description Needs MANAGE_CHANNELS.
         */
        delete: operations["deleteChannel"];
        options?: never;
        head?: never;
        /**
         * Change a channel
         * @description A field that is left out stays; null empties it. Needs MANAGE_CHANNELS.
         */
        patch: operations["changeChannel"];
        trace?: never;
    };
    "/servers/{serverId}/channels/{channelId}/overwrites/roles/{role}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Give a role below your own permissions in a channel, or take them
         * @description Replaces what was set. Needs MANAGE_ROLES, and the permissions themselves.
         */
        put: operations["setRoleOverwrite"];
        post?: never;
        /**
         * Let a channel do for a role below your own as the server does
         * @description Needs MANAGE_ROLES, and the permissions that were given or taken.
         */
        delete: operations["removeRoleOverwrite"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/channels/{channelId}/overwrites/members/{profileId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Give a member below your rank permissions in a channel, or take them
         * @description Replaces what was set. Needs MANAGE_ROLES, and the permissions themselves.
         */
        put: operations["setMemberOverwrite"];
        post?: never;
        /**
         * Let a channel do for a member below your rank as the server does
         * @description Needs MANAGE_ROLES, and the permissions that were given or taken.
         */
        delete: operations["removeMemberOverwrite"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a server's members
         * @description By rising profile id, a page at a time.
         */
        get: operations["listMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/members/{profileId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a member of a server that you are in */
        get: operations["getMember"];
        put?: never;
        post?: never;
        /**
         * Kick a member
         * @description One below your rank, who may join again. Needs KICK_MEMBERS.
         */
        delete: operations["kickMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/members/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Leave a server
         * @description Its owner must hand it on or delete it first. Nothing changes for who is no member.
         */
        delete: operations["leaveServer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/members/{profileId}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change the role of a member
         * @description Of one below your rank, to a role below yours. Needs MANAGE_ROLES.
         */
        put: operations["changeMemberRole"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/members/{profileId}/nickname": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change what somebody is called in a server
         * @description Yourself, or with MANAGE_ROLES a member below your rank; null ends it.
         */
        put: operations["changeNickname"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/members/{profileId}/timeout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Time a member out
         * @description One below your rank, for 28 days at most, who may only look until then. Needs KICK_MEMBERS.
         */
        put: operations["timeOutMember"];
        post?: never;
        /**
         * End a member's time-out
         * @description Of one below your rank. Needs KICK_MEMBERS.
         */
        delete: operations["endTimeOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/bans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who is banned
         * @description By rising profile id, a page at a time. Needs BAN_MEMBERS.
         */
        get: operations["listBans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/bans/{profileId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Ban a profile
         * @description Member or not, unless it is of your rank or above. Needs BAN_MEMBERS.
         */
        put: operations["banMember"];
        post?: never;
        /**
         * Unban a profile
         * @description Needs BAN_MEMBERS.
         */
        delete: operations["unbanMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/invites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the invites that were not revoked
         * @description By code, a page at a time. Needs MANAGE_SERVER.
         */
        get: operations["listInvites"];
        put?: never;
        /**
         * Create an invite
         * @description Needs CREATE_INVITE; to grant permissions to who joins by it, have them, and MANAGE_ROLES.
         */
        post: operations["createInvite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/invites/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an invite
         * @description Your own, or with MANAGE_SERVER any.
         */
        delete: operations["revokeInvite"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/invites/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See which server an invite is for, before joining */
        get: operations["getInvite"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/invites/{code}/join": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Join a server by an invite
         * @description Nothing changes for who is a member already. An invite that has expired or is used up is a 410.
         */
        post: operations["joinServer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/servers/{serverId}/audit-log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read what was done in a server
         * @description Newest first, a page at a time. Needs MANAGE_SERVER.
         */
        get: operations["listAuditLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channelId}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a channel's history, newest first
         * @description The newest page, or the one before, after or around a message: at most one of these, by `seq` or id.
         */
        get: operations["listMessages"];
        put?: never;
        /**
         * Post a message
         * @description It has a text, or files, or both. `<@profile id>` in the text names a member, `@everyone` all of them. With an `Idempotency-Key`, or a `nonce` in its place, it can be sent again and is posted once.
         */
        post: operations["postMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channelId}/messages/{messageId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a message */
        get: operations["getMessage"];
        put?: never;
        post?: never;
        /**
         * Delete a message, for good
         * @description Your own, or with MANAGE_MESSAGES any.
         */
        delete: operations["deleteMessage"];
        options?: never;
        head?: never;
        /**
         * Edit your message
         * @description What it said before is kept, for who may manage messages.
         */
        patch: operations["editMessage"];
        trace?: never;
    };
    "/channels/{channelId}/messages/{messageId}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read what a message said at first and after each edit
         * @description Needs MANAGE_MESSAGES.
         */
        get: operations["listVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channelId}/messages/bulk-delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete 2 to 100 messages, for good
         * @description Those that are not there are passed over. Needs MANAGE_MESSAGES.
         */
        post: operations["deleteMessages"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channelId}/messages/{messageId}/reactions/{emoji}/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** React to a message with an emoji */
        put: operations["addReaction"];
        post?: never;
        /** Take your reaction back */
        delete: operations["removeReaction"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channelId}/messages/{messageId}/reactions/{emoji}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who reacted with an emoji
         * @description By rising profile id, a page at a time.
         */
        get: operations["listReactions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channelId}/pins/{messageId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Pin a message
         * @description In a server it needs MANAGE_MESSAGES.
         */
        put: operations["pinMessage"];
        post?: never;
        /**
         * Unpin a message
         * @description In a server it needs MANAGE_MESSAGES.
         */
        delete: operations["unpinMessage"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channelId}/pins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the pinned messages of a channel
         * @description The last pinned first.
         */
        get: operations["listPins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channelId}/read-state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See how far you have read the channel, and what is unread */
        get: operations["getReadState"];
        /**
         * Say how far you have read the channel
         * @description An older message than before makes what came after it unread again.
         */
        put: operations["markRead"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/read-states": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See what is unread in each channel of a server that you may see */
        get: operations["listReadStates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/direct-channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your direct channels, and what is unread in each
         * @description By rising channel id, a page at a time.
         */
        get: operations["listDirectChannels"];
        put?: never;
        /**
         * Open a channel with 1 to 9 other profiles
         * @description With one, it is always the same channel.
         */
        post: operations["openDirectChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/direct-channels/{channelId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See one of your direct channels */
        get: operations["getDirectChannel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/direct-channels/{channelId}/participants/{profileId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Add somebody to a group
         * @description Who may read what was said before.
         */
        put: operations["addParticipant"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/direct-channels/{channelId}/participants/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Leave a group */
        delete: operations["leaveDirectChannel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/blocks/{profileId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Block a profile
         * @description While either of two has blocked the other, neither writes to the other directly.
         */
        put: operations["blockProfile"];
        post?: never;
        /**
         * Unblock a profile
         * @description While either of two has blocked the other, neither writes to the other directly.
         */
        delete: operations["unblockProfile"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List whom you have blocked
         * @description By rising profile id, a page at a time.
         */
        get: operations["listBlocks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/channels/{channelId}/typing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See who is typing, the latest first, 100 at most */
        get: operations["listTyping"];
        put?: never;
        /** Say that you are typing; it is true for ten seconds */
        post: operations["beginTyping"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search messages, newest first
         * @description Those of a channel, or of all channels of a server that you may see: either `channelId` or `serverId`, and something to look for.
         */
        get: operations["searchMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your files, and how much they take
         * @description By rising id, a page at a time.
         */
        get: operations["listFiles"];
        put?: never;
        /**
         * Send a file
         * @description For a channel, or as a picture of yours or of a server, as `purpose` says: an attachment needs `channelId`, and a server image takes `serverId`. Large files are better sent by `POST /files/uploads`.
         */
        post: operations["uploadFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to send a file straight to the object store
         * @description Send it to the address of the answer, or part by part where that lists parts, and complete the upload. `purpose` is as in `POST /files`.
         */
        post: operations["beginUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/uploads/{fileId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * See where to send the file, and which parts are there
         * @description So an upload can be taken up again.
         */
        get: operations["getUpload"];
        put?: never;
        post?: never;
        /** Give an upload up */
        delete: operations["abortUpload"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/uploads/{fileId}/parts/{part}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the address to PUT a part of a large file to
         * @description Send it without a Content-Type, or with `application/octet-stream`.
         */
        get: operations["getUploadPart"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/uploads/{fileId}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Complete an upload
         * @description The file is read back from the store: what is larger, of another type or of another checksum than was said is refused, and gone; of what is smaller, the upload is incomplete.
         */
        post: operations["completeUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{fileId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** See what is known of a file */
        get: operations["getFile"];
        put?: never;
        post?: never;
        /** Delete a file of yours, for good */
        delete: operations["deleteFile"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{fileId}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a file, whole or a range of it
         * @description With `Range` one range of bytes: 206, or 416 beyond the end.
         */
        get: operations["downloadFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{fileId}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the small image that was made of an image, as WebP */
        get: operations["downloadThumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{fileId}/picture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the picture of a profile or a server
         * @description Without a token, so that browsers can show it.
         */
        get: operations["getPicture"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{fileId}/address": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an address to download a file from
         * @description It is of the object store itself, and good for a minute.
         */
        get: operations["getFileAddress"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description RFC 9457. `code` is stable; `errors` names every fault of the input.
         * @example {
         *       "type": "urn:palaver:problem:invalid_input",
         *       "title": "The input is not valid",
         *       "status": 400,
         *       "detail": "/name: is required.",
         *       "code": "invalid_input",
         *       "requestId": "01900000-0000-7000-8000-000000000001",
         *       "errors": [
         *         {
         *           "pointer": "/name",
         *           "detail": "is required",
         *           "code": "required"
         *         }
         *       ]
         *     }
         */
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            code: string;
            requestId: string;
            /** @description Of a command whose outcome is unknown. */
            commandId?: string;
            errors?: {
                /** @description JSON pointer into the body. */
                pointer?: string;
                /** @description Name in the path or the query; absent where several do not go together. */
                parameter?: string;
                detail: string;
                code: string;
            }[];
        };
        Profile: {
            /** Format: uuid */
            id: string;
            /** @example Ada */
            name: string;
            /**
             * @description Of the picture, also where that is a file
             * @example https://example.com/ada.png
             */
            avatarUrl: string | null;
            avatarFileId: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        Tokens: {
            /** Format: uuid */
            sessionId: string;
            /** @example eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl */
            accessToken: string;
            /** @constant */
            tokenType: "Bearer";
            expiresInSeconds: number;
            /** @example mZ5fXjq0y1cS8b0kq3C2rQ */
            refreshToken: string;
        };
        ServerWithChannels: {
            /** Format: uuid */
            id: string;
            /** @example Analytical Engine */
            name: string;
            /**
             * @description Of the picture, also where that is a file
             * @example https://example.com/engine.png
             */
            imageUrl: string | null;
            imageFileId: string | null;
            /** @example R2VuZXJhbCBr */
            inviteCode: string;
            /**
             * Format: uuid
             * @description The owner
             */
            profileId: string;
            memberCount: number;
            /**
             * @description Rises with each change; `If-Match` takes it in double quotes
             * @example 3
             */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            readonly channels: components["schemas"]["Channel"][];
        };
        Channel: {
            /** Format: uuid */
            id: string;
            /** @example general */
            name: string;
            /** @enum {string} */
            type: "TEXT" | "AUDIO" | "VIDEO" | "CATEGORY";
            /** @example All that fits nowhere else */
            topic: string | null;
            categoryId: string | null;
            position: number;
            slowModeSeconds: number;
            /** Format: uuid */
            serverId: string;
            /**
             * Format: uuid
             * @description Who made it
             */
            profileId: string;
            /**
             * @description Rises with each change; `If-Match` takes it in double quotes
             * @example 3
             */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        Server: {
            /** Format: uuid */
            id: string;
            /** @example Analytical Engine */
            name: string;
            /**
             * @description Of the picture, also where that is a file
             * @example https://example.com/engine.png
             */
            imageUrl: string | null;
            imageFileId: string | null;
            /** @example R2VuZXJhbCBr */
            inviteCode: string;
            /**
             * Format: uuid
             * @description The owner
             */
            profileId: string;
            memberCount: number;
            /**
             * @description Rises with each change; `If-Match` takes it in double quotes
             * @example 3
             */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        Overwrite: {
            role: ("GUEST" | "MODERATOR" | "ADMIN") | null;
            profileId: string | null;
            /**
             * @example [
             *       "SEND_MESSAGES"
             *     ]
             */
            readonly allow: string[];
            /** @example [] */
            readonly deny: string[];
        };
        Member: {
            /** Format: uuid */
            profileId: string;
            /** @enum {string} */
            role: "GUEST" | "MODERATOR" | "ADMIN";
            /**
             * @description Granted by the invite
             * @example [
             *       "IMPORT_MESSAGES"
             *     ]
             */
            readonly permissions: string[];
            /** @example Countess */
            nickname: string | null;
            timedOutUntil: string | null;
            /** Format: date-time */
            joinedAt: string;
        };
        Ban: {
            /** Format: uuid */
            profileId: string;
            /** @example 01900000-0000-7000-8000-000000000001 */
            bannedBy: string;
            /** @example Said it once too often */
            reason: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        Invite: {
            /** @example R2VuZXJhbCBr */
            code: string;
            /** Format: uuid */
            serverId: string;
            /**
             * @example [
             *       "IMPORT_MESSAGES"
             *     ]
             */
            readonly permissions: string[];
            uses: number;
            maxUses: number | null;
            expiresAt: string | null;
            /** Format: uuid */
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
        };
        AuditEntry: {
            id: number;
            /** @enum {string} */
            action: "ServerCreated" | "ServerChanged" | "OwnershipTransferred" | "ServerDeleted" | "ChannelCreated" | "ChannelChanged" | "ChannelDeleted" | "ChannelOverwriteSet" | "ChannelOverwriteRemoved" | "InviteCreated" | "InviteRevoked" | "MemberJoined" | "MemberLeft" | "MemberKicked" | "MemberBanned" | "MemberUnbanned" | "MemberTimedOut" | "MemberRoleChanged" | "NicknameChanged";
            /**
             * @description The profile that did it, or `system`
             * @example 01900000-0000-7000-8000-000000000001
             */
            actor: string;
            /** @description What `X-Audit-Log-Reason` said */
            reason: string | null;
            /**
             * @description A profile, channel or server, or the code of an invite
             * @example 01900000-0000-7000-8000-000000000001
             */
            target: string;
            changes: {
                [key: string]: unknown;
            };
            /** Format: date-time */
            createdAt: string;
        };
        Message: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            channelId: string;
            /** @description Null in a direct channel */
            serverId: string | null;
            /** @description Null when the account of its author is gone */
            authorId: string | null;
            seq: number;
            /** @example Hello, Babbage */
            content: string;
            editedAt: string | null;
            /** @description A message of the channel, which may be gone by now */
            replyToId: string | null;
            readonly mentions: string[];
            mentionsEveryone: boolean;
            importedAt: string | null;
            /** Format: date-time */
            createdAt: string;
            readonly attachments: {
                /** Format: uuid */
                id: string;
                /** @example cat.png */
                name: string;
                /** @example image/png */
                type: string;
                size: number;
                width: number | null;
                height: number | null;
                hasThumbnail: boolean;
            }[];
            readonly reactions: {
                /** @example 👍 */
                emoji: string;
                count: number;
                me: boolean;
            }[];
            pinned: boolean;
        };
        ReadState: {
            /** Format: uuid */
            channelId: string;
            /** @description Of the newest message that is there; 0 for none */
            lastSeq: number;
            /** @description Of the last message that you have read; 0 for none */
            readSeq: number;
            /** @description Messages posted after that one */
            unread: number;
            /** @description Those of them that name you, or everyone */
            mentions: number;
        };
        DirectChannel: {
            /** Format: uuid */
            id: string;
            /** @description Whether participants come and go; between two there is one channel */
            group: boolean;
            readonly profileIds: string[];
        };
        ListedDirectChannel: {
            /** Format: uuid */
            id: string;
            /** @description Whether participants come and go; between two there is one channel */
            group: boolean;
            readonly profileIds: string[];
            /** Format: date-time */
            openedAt: string;
            readState: {
                /** @description Of the newest message that is there; 0 for none */
                lastSeq: number;
                /** @description Of the last message that you have read; 0 for none */
                readSeq: number;
                /** @description Messages posted after that one */
                unread: number;
                /** @description Those of them that name you, or everyone */
                mentions: number;
            };
        };
        File: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            ownerId: string;
            /** @enum {string} */
            purpose: "ATTACHMENT" | "AVATAR" | "SERVER_IMAGE";
            /** @description Of an attachment */
            channelId: string | null;
            /** @description Of the picture of a server */
            serverId: string | null;
            /** @description The message that it hangs on; null until it does */
            messageId: string | null;
            /** @example cat.png */
            name: string;
            /**
             * @description Media type
             * @example image/png
             */
            type: string;
            /** @description Bytes */
            size: number;
            /**
             * @description In hex
             * @example aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
             */
            sha256: string;
            /** @description Of an image, pixels */
            width: number | null;
            /** @description Of an image, pixels */
            height: number | null;
            /** @description Of an image, once it was made */
            thumbnail: {
                width: number;
                height: number;
            } | null;
            /** Format: date-time */
            createdAt: string;
        };
        Upload: {
            /** Format: uuid */
            id: string;
            /** Format: date-time */
            expiresAt: string;
            /** @description Where to send the file as multipart/form-data: these fields first, then `file` */
            post: {
                /** @example https://files.example.com/palaver */
                url: string;
                fields: {
                    [key: string]: string;
                };
            } | null;
            /** @description Of a large file, which comes in parts */
            parts: {
                partBytes: number;
                count: number;
                /** @description Numbers of the parts that are there, from 1 */
                readonly received: number[];
            } | null;
        };
    };
    responses: {
        /** @description It is not done, and why. */
        Refused: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such range. */
        RangeNotSatisfiable: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                "Content-Range": components["headers"]["Content-Range"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It is not done: there were too many before it. */
        TooManyRequests: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It cannot be done at the moment. */
        NotNow: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                RateLimit: components["headers"]["RateLimit"];
                "Retry-After": components["headers"]["Retry-After"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
        "Idempotency-Key": string;
        /** @description The one ETag that was read, or `*`: when it is another one by now, nothing is changed, and the answer is 412. */
        "If-Match": string;
        /** @description An ETag that was read: when it is still that one, the answer is 304. */
        "If-None-Match": string;
        /** @description One range of bytes (RFC 9110 14.2); of several, the whole is answered. */
        Range: string;
        /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
        "X-Audit-Log-Reason": string;
        /** @description What a command answered: this answer waits until it shows the events before that position. */
        "Palaver-Position": string;
    };
    requestBodies: never;
    headers: {
        /** @description Finds the request in the logs. */
        "X-Request-Id": string;
        /** @description The position behind the events of the command. Sent back, an answer waits until it shows them. */
        "Palaver-Position": string;
        /** @description Of what is answered, for `If-Match` and `If-None-Match`. */
        ETag: string;
        /** @description Which bytes of how many. */
        "Content-Range": string;
        /** @description How many such requests there may be, in how many seconds. */
        "RateLimit-Policy": string;
        /** @description How many are left, for how many seconds. */
        RateLimit: string;
        /** @description Seconds to wait before the next try. */
        "Retry-After": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    signUp: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Ada",
                 *       "email": "ada@example.com",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: one-line
                     * @example Ada
                     */
                    name: string;
                    /**
                     * Format: email
                     * @example ada@example.com
                     */
                    email: string;
                    /** @example correct horse battery */
                    password: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "sessionId": "01900000-0000-7000-8000-000000000001",
                     *       "accessToken": "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl",
                     *       "tokenType": "Bearer",
                     *       "expiresInSeconds": 1,
                     *       "refreshToken": "mZ5fXjq0y1cS8b0kq3C2rQ",
                     *       "profile": {
                     *         "id": "01900000-0000-7000-8000-000000000001",
                     *         "name": "Ada",
                     *         "avatarUrl": "https://example.com/ada.png",
                     *         "avatarFileId": "01900000-0000-7000-8000-000000000001",
                     *         "createdAt": "2026-01-31T12:00:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** Format: uuid */
                        sessionId: string;
                        /** @example eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl */
                        accessToken: string;
                        /** @constant */
                        tokenType: "Bearer";
                        expiresInSeconds: number;
                        /** @example mZ5fXjq0y1cS8b0kq3C2rQ */
                        refreshToken: string;
                        profile: components["schemas"]["Profile"];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: email_taken, profile_exists, session_exists. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused, password_too_common. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable, busy. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: email
                     * @example ada@example.com
                     */
                    email: string;
                    /** @example correct horse battery */
                    password: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "sessionId": "01900000-0000-7000-8000-000000000001",
                     *       "accessToken": "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl",
                     *       "tokenType": "Bearer",
                     *       "expiresInSeconds": 1,
                     *       "refreshToken": "mZ5fXjq0y1cS8b0kq3C2rQ",
                     *       "profile": {
                     *         "id": "01900000-0000-7000-8000-000000000001",
                     *         "name": "Ada",
                     *         "avatarUrl": "https://example.com/ada.png",
                     *         "avatarFileId": "01900000-0000-7000-8000-000000000001",
                     *         "createdAt": "2026-01-31T12:00:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** Format: uuid */
                        sessionId: string;
                        /** @example eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl */
                        accessToken: string;
                        /** @constant */
                        tokenType: "Bearer";
                        expiresInSeconds: number;
                        /** @example mZ5fXjq0y1cS8b0kq3C2rQ */
                        refreshToken: string;
                        profile: components["schemas"]["Profile"];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: token_expired, token_invalid, session_ended, invalid_credentials. */
            401: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: session_exists. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited, too_many_attempts. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable, busy. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    refreshSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "refreshToken": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                 *     }
                 */
                "application/json": {
                    /** @example AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA */
                    refreshToken: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "sessionId": "01900000-0000-7000-8000-000000000001",
                     *       "accessToken": "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl",
                     *       "tokenType": "Bearer",
                     *       "expiresInSeconds": 1,
                     *       "refreshToken": "mZ5fXjq0y1cS8b0kq3C2rQ"
                     *     }
                     */
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: token_expired, token_invalid, session_ended, refresh_token_invalid, refresh_token_reused, session_expired. */
            401: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: session_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listSessions: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "device": "Mozilla/5.0 (X11; Linux x86_64)",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "lastRefreshedAt": "2026-01-31T12:00:00.000Z",
                     *           "expiresAt": "2026-01-31T12:00:00.000Z",
                     *           "current": false
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        items: {
                            /** Format: uuid */
                            id: string;
                            /** @example Mozilla/5.0 (X11; Linux x86_64) */
                            device: string | null;
                            /** Format: date-time */
                            createdAt: string;
                            /** Format: date-time */
                            lastRefreshedAt: string;
                            /** Format: date-time */
                            expiresAt: string;
                            current: boolean;
                        }[];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    endSessions: {
        parameters: {
            query?: {
                /** @description Keeps the session of the access token. */
                except?: "current";
            };
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ended": [
                     *         "01900000-0000-7000-8000-000000000001"
                     *       ]
                     *     }
                     */
                    "application/json": {
                        ended: string[];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                sessionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: session_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    verifyToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
                 *     }
                 */
                "application/json": {
                    /** @example eyJhbGciOiJSUzI1NiJ9.e30.c2ln */
                    token: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "profileId": "01900000-0000-7000-8000-000000000001",
                     *       "name": "Ada",
                     *       "expiresAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": {
                        /** Format: uuid */
                        profileId: string;
                        /** @example Ada */
                        name: string;
                        /** Format: date-time */
                        expiresAt: string;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getKeys: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "keys": [
                     *         {
                     *           "kty": "RSA",
                     *           "kid": "b6E4WrsNGhSo9PTvxfw9JO2Z5HiMnULtzYYfx8KSYXj",
                     *           "alg": "RS256",
                     *           "use": "sig",
                     *           "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78",
                     *           "e": "text"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        keys: {
                            /** @example RSA */
                            kty: string;
                            /** @example b6E4WrsNGhSo9PTvxfw9JO2Z5HiMnULtzYYfx8KSYXj */
                            kid: string;
                            /** @example RS256 */
                            alg: string;
                            /** @example sig */
                            use: string;
                            /** @example 0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78 */
                            n: string;
                            e: string;
                        }[];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getOwnProfile: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag that was read: when it is still that one, the answer is 304. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "name": "Ada",
                     *       "avatarUrl": "https://example.com/ada.png",
                     *       "avatarFileId": "01900000-0000-7000-8000-000000000001",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "email": "ada@example.com"
                     *     }
                     */
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        /** @example Ada */
                        name: string;
                        /**
                         * @description Of the picture, also where that is a file
                         * @example https://example.com/ada.png
                         */
                        avatarUrl: string | null;
                        avatarFileId: string | null;
                        /** Format: date-time */
                        createdAt: string;
                        /** @example ada@example.com */
                        email: string | null;
                    };
                };
            };
            /** @description It is what `If-None-Match` names. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: profile_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    deleteAccount: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "password": "correct horse battery",
                 *       "messages": "DELETE"
                 *     }
                 */
                "application/json": {
                    /** @example correct horse battery */
                    password: string;
                    /**
                     * @description ANONYMIZE: what you posted stays, with no author. DELETE: it goes.
                     * @example DELETE
                     * @enum {string}
                     */
                    messages: "ANONYMIZE" | "DELETE";
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: wrong_password. */
            403: components["responses"]["Refused"];
            /** @description Code: profile_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited, too_many_attempts. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable, busy. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    changeProfile: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description The one ETag that was read, or `*`: when it is another one by now, nothing is changed, and the answer is 412. */
                "If-Match"?: components["parameters"]["If-Match"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Ada",
                 *       "avatarUrl": "https://example.com/ada.png"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: one-line
                     * @example Ada
                     */
                    name?: string;
                    /** @example https://example.com/ada.png */
                    avatarUrl?: string | null;
                    /** @description A file of yours, sent as AVATAR, in the place of an address */
                    avatarFileId?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "name": "Ada",
                     *       "avatarUrl": "https://example.com/ada.png",
                     *       "avatarFileId": "01900000-0000-7000-8000-000000000001",
                     *       "createdAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Profile"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: profile_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: precondition_failed. */
            412: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused, picture_not_found. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getProfile: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag that was read: when it is still that one, the answer is 304. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "name": "Ada",
                     *       "avatarUrl": "https://example.com/ada.png",
                     *       "avatarFileId": "01900000-0000-7000-8000-000000000001",
                     *       "createdAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Profile"];
                };
            };
            /** @description It is what `If-None-Match` names. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: profile_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    changeEmail: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: email
                     * @example ada@example.com
                     */
                    email: string;
                    /** @example correct horse battery */
                    password: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            202: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "expiresAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": {
                        /** Format: date-time */
                        expiresAt: string;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: wrong_password. */
            403: components["responses"]["Refused"];
            /** @description Code: profile_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: email_taken, email_unchanged. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited, too_many_attempts. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable, busy. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    confirmEmail: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                 *     }
                 */
                "application/json": {
                    /**
                     * @description From the mail.
                     * @example AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
                     */
                    token: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: token_expired, token_invalid, session_ended, email_token_invalid. */
            401: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: email_not_reserved. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "password": "correct horse battery",
                 *       "newPassword": "battery staple horse"
                 *     }
                 */
                "application/json": {
                    /** @example correct horse battery */
                    password: string;
                    /** @example battery staple horse */
                    newPassword: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: wrong_password. */
            403: components["responses"]["Refused"];
            /** @description Code: profile_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused, password_too_common. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited, too_many_attempts. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable, busy. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    forgotPassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: email
                     * @example ada@example.com
                     */
                    email: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            202: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited, too_many_attempts. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                 *       "newPassword": "battery staple horse"
                 *     }
                 */
                "application/json": {
                    /**
                     * @description From the mail.
                     * @example AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
                     */
                    token: string;
                    /** @example battery staple horse */
                    newPassword: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: token_expired, token_invalid, session_ended, reset_token_invalid. */
            401: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused, password_too_common. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable, busy. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listServers: {
        parameters: {
            query?: {
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The last server of the page before */
                after?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "name": "Analytical Engine",
                     *           "imageUrl": "https://example.com/engine.png",
                     *           "imageFileId": "01900000-0000-7000-8000-000000000001",
                     *           "inviteCode": "R2VuZXJhbCBr",
                     *           "profileId": "01900000-0000-7000-8000-000000000001",
                     *           "memberCount": 1,
                     *           "version": 3,
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["Server"][];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    createServer: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Analytical Engine"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: one-line
                     * @example Analytical Engine
                     */
                    name: string;
                    imageUrl?: string | null;
                    imageFileId?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "name": "Analytical Engine",
                     *       "imageUrl": "https://example.com/engine.png",
                     *       "imageFileId": "01900000-0000-7000-8000-000000000001",
                     *       "inviteCode": "R2VuZXJhbCBr",
                     *       "profileId": "01900000-0000-7000-8000-000000000001",
                     *       "memberCount": 1,
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "channels": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "name": "general",
                     *           "type": "TEXT",
                     *           "topic": "All that fits nowhere else",
                     *           "categoryId": "01900000-0000-7000-8000-000000000001",
                     *           "position": 1,
                     *           "slowModeSeconds": 1,
                     *           "serverId": "01900000-0000-7000-8000-000000000001",
                     *           "profileId": "01900000-0000-7000-8000-000000000001",
                     *           "version": 3,
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ServerWithChannels"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: server_exists. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused, picture_not_found. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getServer: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag that was read: when it is still that one, the answer is 304. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "name": "Analytical Engine",
                     *       "imageUrl": "https://example.com/engine.png",
                     *       "imageFileId": "01900000-0000-7000-8000-000000000001",
                     *       "inviteCode": "R2VuZXJhbCBr",
                     *       "profileId": "01900000-0000-7000-8000-000000000001",
                     *       "memberCount": 1,
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "channels": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "name": "general",
                     *           "type": "TEXT",
                     *           "topic": "All that fits nowhere else",
                     *           "categoryId": "01900000-0000-7000-8000-000000000001",
                     *           "position": 1,
                     *           "slowModeSeconds": 1,
                     *           "serverId": "01900000-0000-7000-8000-000000000001",
                     *           "profileId": "01900000-0000-7000-8000-000000000001",
                     *           "version": 3,
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ServerWithChannels"];
                };
            };
            /** @description It is what `If-None-Match` names. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    deleteServer: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    changeServer: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description The one ETag that was read, or `*`: when it is another one by now, nothing is changed, and the answer is 412. */
                "If-Match"?: components["parameters"]["If-Match"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Analytical Engine"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: one-line
                     * @example Analytical Engine
                     */
                    name?: string;
                    imageUrl?: string | null;
                    imageFileId?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "name": "Analytical Engine",
                     *       "imageUrl": "https://example.com/engine.png",
                     *       "imageFileId": "01900000-0000-7000-8000-000000000001",
                     *       "profileId": "01900000-0000-7000-8000-000000000001",
                     *       "version": 3,
                     *       "updatedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        /** @example Analytical Engine */
                        name: string;
                        /**
                         * @description Of the picture, also where that is a file
                         * @example https://example.com/engine.png
                         */
                        imageUrl: string | null;
                        imageFileId: string | null;
                        /**
                         * Format: uuid
                         * @description The owner
                         */
                        profileId: string;
                        /**
                         * @description Rises with each change; `If-Match` takes it in double quotes
                         * @example 3
                         */
                        version: number;
                        /** Format: date-time */
                        updatedAt: string;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: precondition_failed. */
            412: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused, picture_not_found. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    transferOwnership: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "profileId": "01900000-0000-7000-8000-000000000001"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: uuid
                     * @example 01900000-0000-7000-8000-000000000001
                     */
                    profileId: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, member_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    createChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "general",
                 *       "slowModeSeconds": 10
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: one-line
                     * @example general
                     */
                    name: string;
                    /**
                     * @default TEXT
                     * @enum {string}
                     */
                    type?: "TEXT" | "AUDIO" | "VIDEO" | "CATEGORY";
                    /** @default null */
                    topic?: string | null;
                    /** @default null */
                    categoryId?: string | null;
                    /** @default null */
                    position?: number | null;
                    /**
                     * @description Pause between two messages of a member; 0 for none
                     * @default 0
                     * @example 10
                     */
                    slowModeSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "name": "general",
                     *       "type": "TEXT",
                     *       "topic": "All that fits nowhere else",
                     *       "categoryId": "01900000-0000-7000-8000-000000000001",
                     *       "position": 1,
                     *       "slowModeSeconds": 1,
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "profileId": "01900000-0000-7000-8000-000000000001",
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Channel"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: channel_name_taken, too_many_channels, category_not_found, channel_type_fixed, channel_exists. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag that was read: when it is still that one, the answer is 304. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "name": "general",
                     *       "type": "TEXT",
                     *       "topic": "All that fits nowhere else",
                     *       "categoryId": "01900000-0000-7000-8000-000000000001",
                     *       "position": 1,
                     *       "slowModeSeconds": 1,
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "profileId": "01900000-0000-7000-8000-000000000001",
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "overwrites": [
                     *         {
                     *           "role": "GUEST",
                     *           "profileId": "01900000-0000-7000-8000-000000000001",
                     *           "allow": [
                     *             "SEND_MESSAGES"
                     *           ],
                     *           "deny": []
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        /** @example general */
                        name: string;
                        /** @enum {string} */
                        type: "TEXT" | "AUDIO" | "VIDEO" | "CATEGORY";
                        /** @example All that fits nowhere else */
                        topic: string | null;
                        categoryId: string | null;
                        position: number;
                        slowModeSeconds: number;
                        /** Format: uuid */
                        serverId: string;
                        /**
                         * Format: uuid
                         * @description Who made it
                         */
                        profileId: string;
                        /**
                         * @description Rises with each change; `If-Match` takes it in double quotes
                         * @example 3
                         */
                        version: number;
                        /** Format: date-time */
                        createdAt: string;
                        /** Format: date-time */
                        updatedAt: string;
                        readonly overwrites: components["schemas"]["Overwrite"][];
                    };
                };
            };
            /** @description It is what `If-None-Match` names. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: server_not_found, channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    deleteChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    changeChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description The one ETag that was read, or `*`: when it is another one by now, nothing is changed, and the answer is 412. */
                "If-Match"?: components["parameters"]["If-Match"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "general",
                 *       "slowModeSeconds": 10
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: one-line
                     * @example general
                     */
                    name?: string;
                    /** @enum {string} */
                    type?: "TEXT" | "AUDIO" | "VIDEO" | "CATEGORY";
                    topic?: string | null;
                    categoryId?: string | null;
                    /** @description Rising; equal ones stand by id */
                    position?: number;
                    /**
                     * @description Pause between two messages of a member; 0 for none
                     * @example 10
                     */
                    slowModeSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "name": "general",
                     *       "type": "TEXT",
                     *       "topic": "All that fits nowhere else",
                     *       "categoryId": "01900000-0000-7000-8000-000000000001",
                     *       "position": 1,
                     *       "slowModeSeconds": 1,
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "profileId": "01900000-0000-7000-8000-000000000001",
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Channel"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: channel_name_taken, category_not_found, channel_type_fixed. */
            409: components["responses"]["Refused"];
            /** @description Code: precondition_failed. */
            412: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    setRoleOverwrite: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example GUEST */
                role: "GUEST" | "MODERATOR" | "ADMIN";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /** @example {} */
                "application/json": {
                    /** @default [] */
                    allow?: ("VIEW_CHANNEL" | "SEND_MESSAGES" | "ATTACH_FILES" | "MENTION_EVERYONE" | "MANAGE_MESSAGES")[];
                    /** @default [] */
                    deny?: ("VIEW_CHANNEL" | "SEND_MESSAGES" | "ATTACH_FILES" | "MENTION_EVERYONE" | "MANAGE_MESSAGES")[];
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, channel_not_found, member_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: too_many_overwrites. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    removeRoleOverwrite: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example GUEST */
                role: "GUEST" | "MODERATOR" | "ADMIN";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, channel_not_found, overwrite_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    setMemberOverwrite: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /** @example {} */
                "application/json": {
                    /** @default [] */
                    allow?: ("VIEW_CHANNEL" | "SEND_MESSAGES" | "ATTACH_FILES" | "MENTION_EVERYONE" | "MANAGE_MESSAGES")[];
                    /** @default [] */
                    deny?: ("VIEW_CHANNEL" | "SEND_MESSAGES" | "ATTACH_FILES" | "MENTION_EVERYONE" | "MANAGE_MESSAGES")[];
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, channel_not_found, member_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: too_many_overwrites. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    removeMemberOverwrite: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, channel_not_found, overwrite_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listMembers: {
        parameters: {
            query?: {
                limit?: number;
                /** @description The last profile of the page before */
                after?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "profileId": "01900000-0000-7000-8000-000000000001",
                     *           "role": "GUEST",
                     *           "permissions": [
                     *             "IMPORT_MESSAGES"
                     *           ],
                     *           "nickname": "Countess",
                     *           "timedOutUntil": "2026-01-31T12:00:00.000Z",
                     *           "joinedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["Member"][];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "profileId": "01900000-0000-7000-8000-000000000001",
                     *       "role": "GUEST",
                     *       "permissions": [
                     *         "IMPORT_MESSAGES"
                     *       ],
                     *       "nickname": "Countess",
                     *       "timedOutUntil": "2026-01-31T12:00:00.000Z",
                     *       "joinedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Member"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: server_not_found, member_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    kickMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, member_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    leaveServer: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: owner_must_transfer. */
            409: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    changeMemberRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "MODERATOR"
                 *     }
                 */
                "application/json": {
                    /**
                     * @example MODERATOR
                     * @enum {string}
                     */
                    role: "GUEST" | "MODERATOR" | "ADMIN";
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, member_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    changeNickname: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "nickname": "Countess"
                 *     }
                 */
                "application/json": {
                    /** @example Countess */
                    nickname: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, member_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    timeOutMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "until": "2026-12-24T18:00:00Z"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: date-time
                     * @description Ahead, by 28 days at most
                     * @example 2026-12-24T18:00:00Z
                     */
                    until: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, member_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    endTimeOut: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, member_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listBans: {
        parameters: {
            query?: {
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The last profile of the page before */
                after?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "profileId": "01900000-0000-7000-8000-000000000001",
                     *           "bannedBy": "01900000-0000-7000-8000-000000000001",
                     *           "reason": "Said it once too often",
                     *           "createdAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["Ban"][];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    banMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, rank_too_low. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    unbanMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, ban_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listInvites: {
        parameters: {
            query?: {
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The last code of the page before */
                after?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "code": "R2VuZXJhbCBr",
                     *           "serverId": "01900000-0000-7000-8000-000000000001",
                     *           "permissions": [
                     *             "IMPORT_MESSAGES"
                     *           ],
                     *           "uses": 1,
                     *           "maxUses": 1,
                     *           "expiresAt": "2026-01-31T12:00:00.000Z",
                     *           "createdBy": "01900000-0000-7000-8000-000000000001",
                     *           "createdAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["Invite"][];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    createInvite: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "maxUses": 10
                 *     }
                 */
                "application/json": {
                    /** @default [] */
                    permissions?: "IMPORT_MESSAGES"[];
                    /**
                     * @description 0: it does not expire
                     * @default 86400
                     */
                    expiresInSeconds?: number;
                    /**
                     * @description 0: any number
                     * @default 0
                     * @example 10
                     */
                    maxUses?: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "R2VuZXJhbCBr",
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "permissions": [
                     *         "IMPORT_MESSAGES"
                     *       ],
                     *       "uses": 1,
                     *       "maxUses": 1,
                     *       "expiresAt": "2026-01-31T12:00:00.000Z",
                     *       "createdBy": "01900000-0000-7000-8000-000000000001",
                     *       "createdAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Invite"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: invite_exists. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    revokeInvite: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
                /** @example R2VuZXJhbCBr */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found, invite_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getInvite: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example R2VuZXJhbCBr */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "R2VuZXJhbCBr",
                     *       "expiresAt": "2026-01-31T12:00:00.000Z",
                     *       "server": {
                     *         "id": "01900000-0000-7000-8000-000000000001",
                     *         "name": "Analytical Engine",
                     *         "imageUrl": "https://example.com/engine.png",
                     *         "imageFileId": "01900000-0000-7000-8000-000000000001",
                     *         "memberCount": 1
                     *       }
                     *     }
                     */
                    "application/json": {
                        /** @example R2VuZXJhbCBr */
                        code: string;
                        expiresAt: string | null;
                        server: {
                            /** Format: uuid */
                            id: string;
                            /** @example Analytical Engine */
                            name: string;
                            /** @example https://example.com/engine.png */
                            imageUrl: string | null;
                            imageFileId: string | null;
                            memberCount: number;
                        };
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: invite_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: invite_expired, invite_exhausted. */
            410: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    joinServer: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example R2VuZXJhbCBr */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "profileId": "01900000-0000-7000-8000-000000000001",
                     *       "role": "GUEST"
                     *     }
                     */
                    "application/json": {
                        /** Format: uuid */
                        serverId: string;
                        /** Format: uuid */
                        profileId: string;
                        /** @enum {string} */
                        role: "GUEST" | "MODERATOR" | "ADMIN";
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: banned. */
            403: components["responses"]["Refused"];
            /** @description Code: invite_not_found, server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: invite_expired, invite_exhausted. */
            410: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listAuditLog: {
        parameters: {
            query?: {
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The last entry of the page before */
                before?: number;
                actor?: string | "system";
                action?: "ServerCreated" | "ServerChanged" | "OwnershipTransferred" | "ServerDeleted" | "ChannelCreated" | "ChannelChanged" | "ChannelDeleted" | "ChannelOverwriteSet" | "ChannelOverwriteRemoved" | "InviteCreated" | "InviteRevoked" | "MemberJoined" | "MemberLeft" | "MemberKicked" | "MemberBanned" | "MemberUnbanned" | "MemberTimedOut" | "MemberRoleChanged" | "NicknameChanged";
                /** @description A profile, channel or server, or the code of an invite */
                target?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": 1,
                     *           "action": "ServerCreated",
                     *           "actor": "01900000-0000-7000-8000-000000000001",
                     *           "reason": null,
                     *           "target": "01900000-0000-7000-8000-000000000001",
                     *           "changes": {},
                     *           "createdAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["AuditEntry"][];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listMessages: {
        parameters: {
            query?: {
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The page that ends before it; with neither after nor around */
                before?: number | string;
                /** @description The page that begins after it; with neither before nor around */
                after?: number | string;
                /** @description The page that has it in the middle; with neither before nor after */
                around?: number | string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "channelId": "01900000-0000-7000-8000-000000000001",
                     *           "serverId": "01900000-0000-7000-8000-000000000001",
                     *           "authorId": "01900000-0000-7000-8000-000000000001",
                     *           "seq": 1,
                     *           "content": "Hello, Babbage",
                     *           "editedAt": "2026-01-31T12:00:00.000Z",
                     *           "replyToId": "01900000-0000-7000-8000-000000000001",
                     *           "mentions": [
                     *             "01900000-0000-7000-8000-000000000001"
                     *           ],
                     *           "mentionsEveryone": false,
                     *           "importedAt": "2026-01-31T12:00:00.000Z",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "attachments": [
                     *             {
                     *               "id": "01900000-0000-7000-8000-000000000001",
                     *               "name": "cat.png",
                     *               "type": "image/png",
                     *               "size": 1,
                     *               "width": 1,
                     *               "height": 1,
                     *               "hasThumbnail": false
                     *             }
                     *           ],
                     *           "reactions": [
                     *             {
                     *               "emoji": "👍",
                     *               "count": 1,
                     *               "me": false
                     *             }
                     *           ],
                     *           "pinned": false
                     *         }
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["Message"][];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    postMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "content": "Hello, Babbage"
                 *     }
                 */
                "application/json": {
                    /**
                     * @description 1-4,000 characters; none where files hang on it
                     * @default
                     * @example Hello, Babbage
                     */
                    content?: string;
                    /** @description Stands for an Idempotency-Key where there is none */
                    nonce?: string;
                    /**
                     * @description Files of yours that were sent for this channel, and hang on no message yet
                     * @default []
                     */
                    attachments?: string[];
                    /**
                     * @description The message of this channel that it answers
                     * @default null
                     */
                    replyToId?: string | null;
                    /**
                     * @description When it was said elsewhere; for members with the permission IMPORT_MESSAGES
                     * @default null
                     */
                    importedAt?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "channelId": "01900000-0000-7000-8000-000000000001",
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "authorId": "01900000-0000-7000-8000-000000000001",
                     *       "seq": 1,
                     *       "content": "Hello, Babbage",
                     *       "editedAt": "2026-01-31T12:00:00.000Z",
                     *       "replyToId": "01900000-0000-7000-8000-000000000001",
                     *       "mentions": [
                     *         "01900000-0000-7000-8000-000000000001"
                     *       ],
                     *       "mentionsEveryone": false,
                     *       "importedAt": "2026-01-31T12:00:00.000Z",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "attachments": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "name": "cat.png",
                     *           "type": "image/png",
                     *           "size": 1,
                     *           "width": 1,
                     *           "height": 1,
                     *           "hasThumbnail": false
                     *         }
                     *       ],
                     *       "reactions": [
                     *         {
                     *           "emoji": "👍",
                     *           "count": 1,
                     *           "me": false
                     *         }
                     *       ],
                     *       "pinned": false
                     *     }
                     */
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: timed_out, blocked, missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: not_a_text_channel, reply_not_found, file_not_attachable, file_attached, message_exists. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited, slow_mode. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                messageId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "channelId": "01900000-0000-7000-8000-000000000001",
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "authorId": "01900000-0000-7000-8000-000000000001",
                     *       "seq": 1,
                     *       "content": "Hello, Babbage",
                     *       "editedAt": "2026-01-31T12:00:00.000Z",
                     *       "replyToId": "01900000-0000-7000-8000-000000000001",
                     *       "mentions": [
                     *         "01900000-0000-7000-8000-000000000001"
                     *       ],
                     *       "mentionsEveryone": false,
                     *       "importedAt": "2026-01-31T12:00:00.000Z",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "attachments": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "name": "cat.png",
                     *           "type": "image/png",
                     *           "size": 1,
                     *           "width": 1,
                     *           "height": 1,
                     *           "hasThumbnail": false
                     *         }
                     *       ],
                     *       "reactions": [
                     *         {
                     *           "emoji": "👍",
                     *           "count": 1,
                     *           "me": false
                     *         }
                     *       ],
                     *       "pinned": false
                     *     }
                     */
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    deleteMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                messageId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    editMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                messageId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "content": "Hello, Babbage"
                 *     }
                 */
                "application/json": {
                    /** @example Hello, Babbage */
                    content: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "channelId": "01900000-0000-7000-8000-000000000001",
                     *       "seq": 1,
                     *       "content": "Hello, Babbage",
                     *       "editedAt": "2026-01-31T12:00:00.000Z",
                     *       "mentions": [
                     *         "01900000-0000-7000-8000-000000000001"
                     *       ],
                     *       "mentionsEveryone": false
                     *     }
                     */
                    "application/json": {
                        /** Format: uuid */
                        id: string;
                        /** Format: uuid */
                        channelId: string;
                        seq: number;
                        /** @example Hello, Babbage */
                        content: string;
                        editedAt: string | null;
                        readonly mentions: string[];
                        mentionsEveryone: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: timed_out, blocked, missing_permission, not_the_author. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listVersions: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                messageId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "content": "Hello, Babbage",
                     *           "since": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        readonly items: {
                            /** @example Hello, Babbage */
                            content: string;
                            /** Format: date-time */
                            since: string;
                        }[];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: timed_out, blocked, missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    deleteMessages: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "messageIds": [
                 *         "01900000-0000-7000-8000-000000000001",
                 *         "01900000-0000-7000-8000-000000000002"
                 *       ]
                 *     }
                 */
                "application/json": {
                    /**
                     * @example [
                     *       "01900000-0000-7000-8000-000000000001",
                     *       "01900000-0000-7000-8000-000000000002"
                     *     ]
                     */
                    messageIds: string[];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "deleted": [
                     *         "01900000-0000-7000-8000-000000000001"
                     *       ]
                     *     }
                     */
                    "application/json": {
                        readonly deleted: string[];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: timed_out, blocked, missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    addReaction: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                messageId: string;
                /** @example 👍 */
                emoji: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "count": 1
                     *     }
                     */
                    "application/json": {
                        count: number;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: timed_out, blocked, missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: too_many_emoji. */
            409: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    removeReaction: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                messageId: string;
                /** @example 👍 */
                emoji: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "count": 1
                     *     }
                     */
                    "application/json": {
                        count: number;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listReactions: {
        parameters: {
            query?: {
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The last profile of the page before */
                after?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                messageId: string;
                /** @example 👍 */
                emoji: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         "01900000-0000-7000-8000-000000000001"
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: string[];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    pinMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                messageId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: timed_out, blocked, missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: too_many_pins. */
            409: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    unpinMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description Why; it stands in the audit log. 1-512 characters, percent-encoded as UTF-8. */
                "X-Audit-Log-Reason"?: components["parameters"]["X-Audit-Log-Reason"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                messageId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: timed_out, blocked, missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listPins: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "channelId": "01900000-0000-7000-8000-000000000001",
                     *           "serverId": "01900000-0000-7000-8000-000000000001",
                     *           "authorId": "01900000-0000-7000-8000-000000000001",
                     *           "seq": 1,
                     *           "content": "Hello, Babbage",
                     *           "editedAt": "2026-01-31T12:00:00.000Z",
                     *           "replyToId": "01900000-0000-7000-8000-000000000001",
                     *           "mentions": [
                     *             "01900000-0000-7000-8000-000000000001"
                     *           ],
                     *           "mentionsEveryone": false,
                     *           "importedAt": "2026-01-31T12:00:00.000Z",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "attachments": [
                     *             {
                     *               "id": "01900000-0000-7000-8000-000000000001",
                     *               "name": "cat.png",
                     *               "type": "image/png",
                     *               "size": 1,
                     *               "width": 1,
                     *               "height": 1,
                     *               "hasThumbnail": false
                     *             }
                     *           ],
                     *           "reactions": [
                     *             {
                     *               "emoji": "👍",
                     *               "count": 1,
                     *               "me": false
                     *             }
                     *           ],
                     *           "pinned": false
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["Message"][];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getReadState: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "channelId": "01900000-0000-7000-8000-000000000001",
                     *       "lastSeq": 1,
                     *       "readSeq": 1,
                     *       "unread": 1,
                     *       "mentions": 1
                     *     }
                     */
                    "application/json": components["schemas"]["ReadState"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    markRead: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seq": 1
                 *     }
                 */
                "application/json": {
                    /**
                     * @description Of the last message that was read; 0 for none
                     * @example 1
                     */
                    seq: number;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "channelId": "01900000-0000-7000-8000-000000000001",
                     *       "readSeq": 1
                     *     }
                     */
                    "application/json": {
                        /** Format: uuid */
                        channelId: string;
                        /** @description Of the last message that you have read; 0 for none */
                        readSeq: number;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: seq_not_reached. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listReadStates: {
        parameters: {
            query: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                serverId: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "channelId": "01900000-0000-7000-8000-000000000001",
                     *           "lastSeq": 1,
                     *           "readSeq": 1,
                     *           "unread": 1,
                     *           "mentions": 1
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["ReadState"][];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listDirectChannels: {
        parameters: {
            query?: {
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The last channel of the page before */
                after?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "group": false,
                     *           "profileIds": [
                     *             "01900000-0000-7000-8000-000000000001"
                     *           ],
                     *           "openedAt": "2026-01-31T12:00:00.000Z",
                     *           "readState": {
                     *             "lastSeq": 1,
                     *             "readSeq": 1,
                     *             "unread": 1,
                     *             "mentions": 1
                     *           }
                     *         }
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["ListedDirectChannel"][];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    openDirectChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "profileIds": [
                 *         "01900000-0000-7000-8000-000000000001"
                 *       ]
                 *     }
                 */
                "application/json": {
                    /**
                     * @description The others
                     * @example [
                     *       "01900000-0000-7000-8000-000000000001"
                     *     ]
                     */
                    profileIds: string[];
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "group": false,
                     *       "profileIds": [
                     *         "01900000-0000-7000-8000-000000000001"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DirectChannel"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: blocked. */
            403: components["responses"]["Refused"];
            /** @description Code: profile_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: own_profile. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getDirectChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "group": false,
                     *       "profileIds": [
                     *         "01900000-0000-7000-8000-000000000001"
                     *       ],
                     *       "openedAt": "2026-01-31T12:00:00.000Z",
                     *       "readState": {
                     *         "lastSeq": 1,
                     *         "readSeq": 1,
                     *         "unread": 1,
                     *         "mentions": 1
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ListedDirectChannel"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    addParticipant: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: blocked. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found, profile_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: not_a_group, too_many_participants. */
            409: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    leaveDirectChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: not_a_group. */
            409: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    blockProfile: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: profile_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: own_profile. */
            409: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    unblockProfile: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                profileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listBlocks: {
        parameters: {
            query?: {
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The last profile of the page before */
                after?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         "01900000-0000-7000-8000-000000000001"
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: string[];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listTyping: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "profileId": "01900000-0000-7000-8000-000000000001",
                     *           "until": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": {
                        readonly items: {
                            /** Format: uuid */
                            profileId: string;
                            /** Format: date-time */
                            until: string;
                        }[];
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    beginTyping: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                channelId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: timed_out, blocked, missing_permission. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    searchMessages: {
        parameters: {
            query?: {
                /** @description Of all its channels that you may see */
                serverId?: string;
                channelId?: string;
                /** @description Words, "phrases", -excluded words or "-phrases", and `or` */
                text?: string;
                authorId?: string;
                /** @description Posted then or later */
                from?: string;
                /** @description Posted before */
                until?: string;
                has?: "link" | "file";
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The last message of the page before */
                before?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "channelId": "01900000-0000-7000-8000-000000000001",
                     *           "serverId": "01900000-0000-7000-8000-000000000001",
                     *           "authorId": "01900000-0000-7000-8000-000000000001",
                     *           "seq": 1,
                     *           "content": "Hello, Babbage",
                     *           "editedAt": "2026-01-31T12:00:00.000Z",
                     *           "replyToId": "01900000-0000-7000-8000-000000000001",
                     *           "mentions": [
                     *             "01900000-0000-7000-8000-000000000001"
                     *           ],
                     *           "mentionsEveryone": false,
                     *           "importedAt": "2026-01-31T12:00:00.000Z",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "attachments": [
                     *             {
                     *               "id": "01900000-0000-7000-8000-000000000001",
                     *               "name": "cat.png",
                     *               "type": "image/png",
                     *               "size": 1,
                     *               "width": 1,
                     *               "height": 1,
                     *               "hasThumbnail": false
                     *             }
                     *           ],
                     *           "reactions": [
                     *             {
                     *               "emoji": "👍",
                     *               "count": 1,
                     *               "me": false
                     *             }
                     *           ],
                     *           "pinned": false
                     *         }
                     *       ],
                     *       "hasMore": false
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["Message"][];
                        hasMore: boolean;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: server_not_found, channel_not_found, message_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: search_too_long. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    listFiles: {
        parameters: {
            query?: {
                /** @description 50 when it is not given. */
                limit?: number;
                /** @description The last file of the page before */
                after?: string;
            };
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "01900000-0000-7000-8000-000000000001",
                     *           "ownerId": "01900000-0000-7000-8000-000000000001",
                     *           "purpose": "ATTACHMENT",
                     *           "channelId": "01900000-0000-7000-8000-000000000001",
                     *           "serverId": "01900000-0000-7000-8000-000000000001",
                     *           "messageId": "01900000-0000-7000-8000-000000000001",
                     *           "name": "cat.png",
                     *           "type": "image/png",
                     *           "size": 1,
                     *           "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                     *           "width": 1,
                     *           "height": 1,
                     *           "thumbnail": {
                     *             "width": 1,
                     *             "height": 1
                     *           },
                     *           "createdAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "hasMore": false,
                     *       "usedBytes": 1,
                     *       "quotaBytes": 1
                     *     }
                     */
                    "application/json": {
                        readonly items: components["schemas"]["File"][];
                        hasMore: boolean;
                        usedBytes: number;
                        quotaBytes: number;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    uploadFile: {
        parameters: {
            query?: {
                purpose?: "ATTACHMENT" | "AVATAR" | "SERVER_IMAGE";
                /** @description Of an attachment: where it will be posted */
                channelId?: string;
                /** @description Of a server image: whose; without it, of a server yet to be made */
                serverId?: string;
                /** @description SHA-256 in hex */
                sha256?: string;
            };
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    file: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "ownerId": "01900000-0000-7000-8000-000000000001",
                     *       "purpose": "ATTACHMENT",
                     *       "channelId": "01900000-0000-7000-8000-000000000001",
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "messageId": "01900000-0000-7000-8000-000000000001",
                     *       "name": "cat.png",
                     *       "type": "image/png",
                     *       "size": 1,
                     *       "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                     *       "width": 1,
                     *       "height": 1,
                     *       "thumbnail": {
                     *         "width": 1,
                     *         "height": 1
                     *       },
                     *       "createdAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, timed_out, blocked, quota_exceeded. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found, server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: upload_over, file_exists. */
            409: components["responses"]["Refused"];
            /** @description Code: file_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused, file_empty, not_a_picture, file_type_mismatch, file_checksum_mismatch. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited, too_many_uploads. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable, store_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    beginUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "channelId": "01900000-0000-7000-8000-000000000001",
                 *       "name": "cat.png",
                 *       "type": "image/png",
                 *       "size": 12345
                 *     }
                 */
                "application/json": {
                    /**
                     * @default ATTACHMENT
                     * @enum {string}
                     */
                    purpose?: "ATTACHMENT" | "AVATAR" | "SERVER_IMAGE";
                    /**
                     * Format: uuid
                     * @description Of an attachment: where it will be posted
                     * @example 01900000-0000-7000-8000-000000000001
                     */
                    channelId?: string;
                    /**
                     * Format: uuid
                     * @description Of a server image: whose; without it, of a server yet to be made
                     */
                    serverId?: string;
                    /** @example cat.png */
                    name: string;
                    /** @example image/png */
                    type: string;
                    /**
                     * @description Bytes
                     * @example 12345
                     */
                    size: number;
                    /** @default null */
                    sha256?: string | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "expiresAt": "2026-01-31T12:00:00.000Z",
                     *       "post": {
                     *         "url": "https://files.example.com/palaver",
                     *         "fields": {}
                     *       },
                     *       "parts": {
                     *         "partBytes": 1,
                     *         "count": 1,
                     *         "received": [
                     *           1
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path, malformed_json. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: missing_permission, timed_out, blocked, quota_exceeded. */
            403: components["responses"]["Refused"];
            /** @description Code: channel_not_found, server_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: request_timeout. */
            408: components["responses"]["Refused"];
            /** @description Code: file_exists. */
            409: components["responses"]["Refused"];
            /** @description Code: body_too_large, file_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: unsupported_media_type. */
            415: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused, not_a_picture. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable, store_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "expiresAt": "2026-01-31T12:00:00.000Z",
                     *       "post": {
                     *         "url": "https://files.example.com/palaver",
                     *         "fields": {}
                     *       },
                     *       "parts": {
                     *         "partBytes": 1,
                     *         "count": 1,
                     *         "received": [
                     *           1
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: upload_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable, store_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    abortUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: upload_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: upload_over. */
            409: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getUploadPart: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
                /** @example 1 */
                part: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "url": "https://files.example.com/palaver/cat.png?partNumber=1&X-Amz-Signature=0a1b",
                     *       "expiresAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": {
                        /** @example https://files.example.com/palaver/cat.png?partNumber=1&X-Amz-Signature=0a1b */
                        url: string;
                        /** Format: date-time */
                        expiresAt: string;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: upload_not_found, part_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable, store_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    completeUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "ownerId": "01900000-0000-7000-8000-000000000001",
                     *       "purpose": "ATTACHMENT",
                     *       "channelId": "01900000-0000-7000-8000-000000000001",
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "messageId": "01900000-0000-7000-8000-000000000001",
                     *       "name": "cat.png",
                     *       "type": "image/png",
                     *       "size": 1,
                     *       "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                     *       "width": 1,
                     *       "height": 1,
                     *       "thumbnail": {
                     *         "width": 1,
                     *         "height": 1
                     *       },
                     *       "createdAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: upload_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: upload_incomplete, upload_over. */
            409: components["responses"]["Refused"];
            /** @description Code: file_too_large. */
            413: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused, file_empty, file_type_mismatch, file_checksum_mismatch. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable, store_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getFile: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "01900000-0000-7000-8000-000000000001",
                     *       "ownerId": "01900000-0000-7000-8000-000000000001",
                     *       "purpose": "ATTACHMENT",
                     *       "channelId": "01900000-0000-7000-8000-000000000001",
                     *       "serverId": "01900000-0000-7000-8000-000000000001",
                     *       "messageId": "01900000-0000-7000-8000-000000000001",
                     *       "name": "cat.png",
                     *       "type": "image/png",
                     *       "size": 1,
                     *       "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                     *       "width": 1,
                     *       "height": 1,
                     *       "thumbnail": {
                     *         "width": 1,
                     *         "height": 1
                     *       },
                     *       "createdAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: file_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    deleteFile: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same answer again; 1-255 visible ASCII characters. */
                "Idempotency-Key"?: components["parameters"]["Idempotency-Key"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    "Palaver-Position": components["headers"]["Palaver-Position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: file_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: idempotency_key_reused. */
            422: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: log_unavailable, partition_halted, unknown_command, not_yet_visible, database_unavailable, service_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: command_timeout, service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    downloadFile: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag that was read: when it is still that one, the answer is 304. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
                /** @description One range of bytes (RFC 9110 14.2); of several, the whole is answered. */
                Range?: components["parameters"]["Range"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The range. */
            206: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    "Content-Range": components["headers"]["Content-Range"];
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description It is what `If-None-Match` names. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: file_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: range_not_satisfiable. */
            416: components["responses"]["RangeNotSatisfiable"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable, store_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    downloadThumbnail: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag that was read: when it is still that one, the answer is 304. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "image/webp": string;
                };
            };
            /** @description It is what `If-None-Match` names. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: file_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable, store_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getPicture: {
        parameters: {
            query?: {
                size?: "full" | "thumbnail";
            };
            header?: {
                /** @description An ETag that was read: when it is still that one, the answer is 304. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "image/*": string;
                };
            };
            /** @description It is what `If-None-Match` names. */
            304: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: file_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable, store_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
    getFileAddress: {
        parameters: {
            query?: never;
            header?: {
                /** @description What a command answered: this answer waits until it shows the events before that position. */
                "Palaver-Position"?: components["parameters"]["Palaver-Position"];
            };
            path: {
                /** @example 01900000-0000-7000-8000-000000000001 */
                fileId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    RateLimit: components["headers"]["RateLimit"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "url": "https://files.example.com/palaver/cat.png?X-Amz-Signature=0a1b",
                     *       "expiresAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": {
                        /** @example https://files.example.com/palaver/cat.png?X-Amz-Signature=0a1b */
                        url: string;
                        /** Format: date-time */
                        expiresAt: string;
                    };
                };
            };
            /** @description Code: invalid_input, malformed_header, malformed_path. */
            400: components["responses"]["Refused"];
            /** @description Code: unauthenticated, token_expired, token_invalid, session_ended. */
            401: components["responses"]["Refused"];
            /** @description Code: file_not_found. */
            404: components["responses"]["Refused"];
            /** @description Code: rate_limited. */
            429: components["responses"]["TooManyRequests"];
            /** @description Code: service_broke_off. */
            502: components["responses"]["Refused"];
            /** @description Code: not_yet_visible, database_unavailable, service_unavailable, store_unavailable. */
            503: components["responses"]["NotNow"];
            /** @description Code: service_timeout. */
            504: components["responses"]["Refused"];
        };
    };
}
